-- 退单, 返工, 延期, 挂账, 重开, 超期, 回访: the unit whose act it was, where the case may have gone on to another since.
ALTER TABLE case_measures ADD COLUMN returned_unit BYTEA;
ALTER TABLE case_measures ADD COLUMN reworked_unit BYTEA;
ALTER TABLE case_measures ADD COLUMN extended_unit BYTEA;
ALTER TABLE case_measures ADD COLUMN suspended_unit BYTEA;
ALTER TABLE case_measures ADD COLUMN reopened_unit BYTEA;
ALTER TABLE case_measures ADD COLUMN late_unit BYTEA;
ALTER TABLE case_measures ADD COLUMN rated_unit BYTEA;
-- 1 where one of them, or the first unit, is another than the unit that has the case: the few rows that a figure by unit looks
-- at twice.
ALTER TABLE case_measures ADD COLUMN apart BIGINT;
CREATE INDEX case_measures_apart ON case_measures (counts_until) WHERE apart IS NOT NULL;
-- Their lives say whose it was: the cases in which something of the kind happened are measured again, as `shiyu init` and `shiyu
-- restore` do for cases without a row. In the others the unit that has the case did all there is to count.
DELETE FROM case_measures WHERE returned_at IS NOT NULL OR reworked_at IS NOT NULL OR extended_at IS NOT NULL
    OR suspended_at IS NOT NULL OR reopened_at IS NOT NULL OR first_unit <> unit_id OR first_unit IS NOT NULL AND unit_id IS NULL;
