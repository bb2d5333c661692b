-- 返工时间 — the list of what failed its check on some days, the last first: a walk along this index, whatever was ever reworked.
CREATE INDEX cases_by_rework ON cases (reworked_at, id, district, unit_id) WHERE reworked_at IS NOT NULL;
