-- Requesters of merged cases wait until the case they went into is over, however long that takes: they are looked for apart
-- from the others.
CREATE INDEX cases_by_call_merged ON cases (call_at, id) WHERE call_at IS NOT NULL AND state = 'merged';
