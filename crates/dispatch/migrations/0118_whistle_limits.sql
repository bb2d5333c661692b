-- What the limit of a whistle rests on, so that another calendar can move it: the limit in words and the calendar version by
-- which it was computed (none in whistles of before), whether that version reached so far, and what was due before it moved.
ALTER TABLE whistles ADD COLUMN limit_text TEXT;
ALTER TABLE whistles ADD COLUMN provisional BIGINT NOT NULL DEFAULT 0;
ALTER TABLE whistles ADD COLUMN calendar TEXT;
ALTER TABLE whistles ADD COLUMN was_due_at BIGINT;

-- 机构调整 — which unit whistled, or was called, before its work went on in another.
ALTER TABLE whistles ADD COLUMN was_unit BYTEA;
ALTER TABLE whistle_calls ADD COLUMN was_unit BYTEA;
