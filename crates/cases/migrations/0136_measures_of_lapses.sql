-- 核实超时: when nobody had looked in time. 结案: when it was last closed, which a reopening leaves.
ALTER TABLE case_measures ADD COLUMN verify_lapsed_at BIGINT;
ALTER TABLE case_measures ADD COLUMN close_done BIGINT;
-- Their lives say it, as they say to which round an appeal belongs: the same cases are measured again.
DELETE FROM case_measures WHERE verify_from IS NOT NULL AND verified_at IS NULL OR close_from IS NOT NULL OR reopened_at IS NOT NULL;
