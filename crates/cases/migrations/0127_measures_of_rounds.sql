-- 重开: what was late before a case was reopened stays late in what is measured. 免责: what else an appeal made exempt.
ALTER TABLE case_measures ADD COLUMN reopened_at BIGINT;
ALTER TABLE case_measures ADD COLUMN late_before BIGINT;
ALTER TABLE case_measures ADD COLUMN forgiven BIGINT;
CREATE INDEX case_measures_forgiven ON case_measures (counts_until) WHERE forgiven IS NOT NULL OR late_before IS NOT NULL;
-- Their lives say it, as they say when a requester was called: the same cases are measured again.
DELETE FROM case_measures WHERE imported IS NULL OR dispatched_at IS NOT NULL;
