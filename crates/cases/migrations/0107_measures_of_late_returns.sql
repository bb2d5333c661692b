-- 超期退单: when a unit returned a case after handling had been due, and which. Lives say it from now on (`late` of `returned`); of
-- those of before nothing is known, and their rows stay as they are.
ALTER TABLE case_measures ADD COLUMN late_returned_at BIGINT;
ALTER TABLE case_measures ADD COLUMN late_returned_unit BYTEA;
