-- 渐增 — a detector for slow rises. It rests until the city switches it on; one that a city has made under this code stays.
INSERT INTO warning_detectors (code, position, method, level, enabled, version, settings)
SELECT 'drift', (SELECT coalesce(max(position), 0) + 1 FROM warning_detectors), 'cusum', 'street', 0, 1, '{}'
WHERE NOT EXISTS (SELECT 1 FROM warning_detectors WHERE code = 'drift');
