-- 机构调整 — why the system of a unit that has ended did not go along to another; empty for one that has its unit.
ALTER TABLE connectors ADD COLUMN stranded TEXT NOT NULL DEFAULT '';
