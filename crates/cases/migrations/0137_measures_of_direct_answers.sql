-- 直接办结 is a decision on acceptance: the lives of cases that the desk answered say when, and they are measured again. One that
-- was reopened since is no longer marked as answered so.
DELETE FROM case_measures WHERE direct IS NOT NULL OR reopened_at IS NOT NULL;
