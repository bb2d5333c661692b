-- The least confidence at which a model speaks, however often it was right below it.
ALTER TABLE suggestion_settings ADD COLUMN least DOUBLE PRECISION NOT NULL DEFAULT 0.5;
