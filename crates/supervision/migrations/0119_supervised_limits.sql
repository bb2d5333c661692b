-- What the limit of a supervised matter rests on, so that another calendar can move it: since when it runs, how long, and the
-- calendar version. What was sent back before this was kept may have another limit than the first: there it stays unknown.
ALTER TABLE supervised ADD COLUMN due_from BIGINT;
ALTER TABLE supervised ADD COLUMN due_limit TEXT;
ALTER TABLE supervised ADD COLUMN calendar TEXT;
UPDATE supervised SET due_from = opened_at, due_limit = limit_text
    WHERE NOT EXISTS (SELECT 1 FROM supervised_marks m WHERE m.district = supervised.district
                      AND m.supervised_id = supervised.id AND m.mark = 'sent_back');

-- What the program did about it: another calendar (`recomputed`: due before and now, by which version), a reorganisation
-- (`unit_changed`: the unit before and now).
ALTER TABLE supervised_marks ADD COLUMN was_due_at BIGINT;
ALTER TABLE supervised_marks ADD COLUMN due_at BIGINT;
ALTER TABLE supervised_marks ADD COLUMN calendar TEXT;
ALTER TABLE supervised_marks ADD COLUMN was_unit BYTEA;
ALTER TABLE supervised_marks ADD COLUMN unit BYTEA;
