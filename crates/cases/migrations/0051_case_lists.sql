-- What lists walk: newest first, for the whole city, for a unit over several states, for whoever reported.
CREATE INDEX cases_by_id ON cases (id);
CREATE INDEX cases_by_unit_id ON cases (unit_id, id) WHERE unit_id IS NOT NULL;
CREATE INDEX cases_by_reporter ON cases (reporter_id, id) WHERE reporter_id IS NOT NULL;
