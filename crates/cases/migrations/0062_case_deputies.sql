-- 代理 — in whose place an event was made, when a deputy made it for a colleague on leave.
ALTER TABLE case_events ADD COLUMN actor_for BYTEA;
