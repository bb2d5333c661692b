-- How long steps took, by the month in which they ended and the unit: a histogram; `up_to_hours` is NULL for the last bucket.
-- It stands on the table of 0100; the other views are as in 0094.
CREATE VIEW v_durations AS
SELECT
    (DATE '1970-01-01' + CAST(f.day AS INTEGER)) AS month,
    u.code AS unit,
    u.name_zh AS unit_name,
    CASE f.span WHEN 0 THEN 'accept' WHEN 1 THEN 'handle' ELSE 'close' END AS step,
    CASE f.bucket WHEN 0 THEN 1 WHEN 1 THEN 2 WHEN 2 THEN 4 WHEN 3 THEN 8 WHEN 4 THEN 12 WHEN 5 THEN 24 WHEN 6 THEN 48 WHEN 7 THEN 72 WHEN 8 THEN 120 WHEN 9 THEN 168 WHEN 10 THEN 240 WHEN 11 THEN 360 WHEN 12 THEN 480 WHEN 13 THEN 720 WHEN 14 THEN 1440 WHEN 15 THEN 2160 END AS up_to_hours,
    CASE WHEN /* own */ sum(f.n) = 0 THEN CAST(sum(f.n) AS BIGINT) WHEN sum(f.n) >= 10 THEN (CAST(sum(f.n) AS BIGINT) + 2) / 5 * 5 END AS cases
FROM facts_generations g JOIN facts_districts d ON d.generation = g.generation
    JOIN (
        SELECT s.district, s.generation, s.cube, s.day, s.unit, s.span, b.bucket,
            CASE b.bucket WHEN 0 THEN s.b0 WHEN 1 THEN s.b1 WHEN 2 THEN s.b2 WHEN 3 THEN s.b3 WHEN 4 THEN s.b4 WHEN 5 THEN s.b5 WHEN 6 THEN s.b6 WHEN 7 THEN s.b7 WHEN 8 THEN s.b8 WHEN 9 THEN s.b9 WHEN 10 THEN s.b10 WHEN 11 THEN s.b11 WHEN 12 THEN s.b12 WHEN 13 THEN s.b13 WHEN 14 THEN s.b14 WHEN 15 THEN s.b15 WHEN 16 THEN s.b16 END AS n
        FROM facts_durations s
        CROSS JOIN (SELECT 0 AS bucket UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9 UNION ALL SELECT 10 UNION ALL SELECT 11 UNION ALL SELECT 12 UNION ALL SELECT 13 UNION ALL SELECT 14 UNION ALL SELECT 15 UNION ALL SELECT 16) b
    ) f ON f.district = d.district AND f.generation = d.generation AND f.cube = 106
    LEFT JOIN units u ON u.id = f.unit
WHERE g.is_current = 1 AND f.n <> 0
GROUP BY f.day, f.unit, u.code, u.name_zh, f.span, f.bucket;
