-- Lists of one class, newest first.
CREATE INDEX cases_by_matter ON cases (matter_id, id) WHERE matter_id IS NOT NULL;
