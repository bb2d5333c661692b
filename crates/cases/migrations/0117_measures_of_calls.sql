-- 回访 measured as the other stages are: since when, by when, when the requester was first called, of the round that ended last.
ALTER TABLE case_measures ADD COLUMN call_from BIGINT;
ALTER TABLE case_measures ADD COLUMN call_due BIGINT;
ALTER TABLE case_measures ADD COLUMN call_done BIGINT;
-- Their lives say it, and only they: these cases are measured again, as `shiyu init` and `shiyu restore` do for cases without a
-- row. What came with a file and was worked on nowhere else has no such clock.
DELETE FROM case_measures WHERE imported IS NULL OR dispatched_at IS NOT NULL;
