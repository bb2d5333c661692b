-- 工作日历 — a version may hold for one division only (local hours, local holidays), and says who loaded it and why.
ALTER TABLE calendars ADD COLUMN division TEXT;
ALTER TABLE calendars ADD COLUMN reason TEXT;
ALTER TABLE calendars ADD COLUMN loaded_by BYTEA;
