-- 签收, 协调, 自处置审核 measured as the other stages are: since when, by when, when it was done, of the first round.
ALTER TABLE case_measures ADD COLUMN sign_from BIGINT;
ALTER TABLE case_measures ADD COLUMN sign_due BIGINT;
ALTER TABLE case_measures ADD COLUMN sign_done BIGINT;
ALTER TABLE case_measures ADD COLUMN coordinate_from BIGINT;
ALTER TABLE case_measures ADD COLUMN coordinate_due BIGINT;
ALTER TABLE case_measures ADD COLUMN coordinate_done BIGINT;
ALTER TABLE case_measures ADD COLUMN audit_from BIGINT;
ALTER TABLE case_measures ADD COLUMN audit_due BIGINT;
ALTER TABLE case_measures ADD COLUMN audit_done BIGINT;
-- Their lives say it, and only they: these cases are measured again, as `shiyu init` and `shiyu restore` do for cases without a
-- row. What came with a file and was worked on nowhere else has none of these stages.
DELETE FROM case_measures WHERE imported IS NULL OR dispatched_at IS NOT NULL;
