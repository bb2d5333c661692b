-- 多次返工: how often the unit whose work last failed a check has failed it.
ALTER TABLE case_measures ADD COLUMN unit_reworks BIGINT;
UPDATE case_measures SET unit_reworks = 1 WHERE reworks = 1;
-- Which unit failed which check is in their lives: the few that failed several are measured again.
DELETE FROM case_measures WHERE reworks > 1;
