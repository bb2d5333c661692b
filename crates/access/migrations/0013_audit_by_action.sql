-- The auditor asks for all voids, merges, exemptions of the city: by act, newest first.
CREATE INDEX audit_by_action ON audit (action, id);
