-- Which units an account belonged to before, and until when, as JSON: nobody judges what the own unit of then had handled.
ALTER TABLE accounts ADD COLUMN left_units TEXT NOT NULL DEFAULT '[]';
