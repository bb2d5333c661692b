-- A class is asked for by state: without the state, a list of few open cases walks all closed ones of its class.
DROP INDEX cases_by_matter;
CREATE INDEX cases_by_matter_state ON cases (matter_id, state, id) WHERE matter_id IS NOT NULL;
