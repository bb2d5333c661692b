-- The views of 0049 once more, so that a hidden count cannot be had by subtracting the shown ones from their sum: a count from
-- 1 to 9 is hidden (NULL), because so few cases may be one household, and every other is rounded to the nearest five. In the
-- views of units a query of `shiyu facts query` by a member of a unit replaces the mark `own` by a test for that unit, whose
-- figures it may see as they are.

DROP VIEW v_days;
DROP VIEW v_months;
DROP VIEW v_streets;
DROP VIEW v_matters;
DROP VIEW v_street_matters;
DROP VIEW v_units;
DROP VIEW v_unit_matters;
DROP VIEW v_channels;
DROP VIEW v_states;
DROP VIEW v_durations;
DROP VIEW v_places;
DROP VIEW v_freshness;

-- By day and district.
CREATE VIEW v_days AS
SELECT
    (DATE '1970-01-01' + CAST(f.day AS INTEGER)) AS day,
    f.place AS district,
    CASE WHEN sum(f.reported) = 0 THEN CAST(sum(f.reported) AS BIGINT) WHEN sum(f.reported) >= 10 THEN (CAST(sum(f.reported) AS BIGINT) + 2) / 5 * 5 END AS reported,
    CASE WHEN sum(f.incidents) = 0 THEN CAST(sum(f.incidents) AS BIGINT) WHEN sum(f.incidents) >= 10 THEN (CAST(sum(f.incidents) AS BIGINT) + 2) / 5 * 5 END AS incidents,
    CASE WHEN sum(f.signal) = 0 THEN CAST(sum(f.signal) AS BIGINT) WHEN sum(f.signal) >= 10 THEN (CAST(sum(f.signal) AS BIGINT) + 2) / 5 * 5 END AS signal,
    CASE WHEN sum(f.accepted) = 0 THEN CAST(sum(f.accepted) AS BIGINT) WHEN sum(f.accepted) >= 10 THEN (CAST(sum(f.accepted) AS BIGINT) + 2) / 5 * 5 END AS accepted,
    CASE WHEN sum(f.registered) = 0 THEN CAST(sum(f.registered) AS BIGINT) WHEN sum(f.registered) >= 10 THEN (CAST(sum(f.registered) AS BIGINT) + 2) / 5 * 5 END AS registered,
    CASE WHEN sum(f.dispatched) = 0 THEN CAST(sum(f.dispatched) AS BIGINT) WHEN sum(f.dispatched) >= 10 THEN (CAST(sum(f.dispatched) AS BIGINT) + 2) / 5 * 5 END AS dispatched,
    CASE WHEN sum(f.handled) = 0 THEN CAST(sum(f.handled) AS BIGINT) WHEN sum(f.handled) >= 10 THEN (CAST(sum(f.handled) AS BIGINT) + 2) / 5 * 5 END AS handled,
    CASE WHEN sum(f.closed) = 0 THEN CAST(sum(f.closed) AS BIGINT) WHEN sum(f.closed) >= 10 THEN (CAST(sum(f.closed) AS BIGINT) + 2) / 5 * 5 END AS closed,
    CASE WHEN sum(f.closed_on_time) = 0 THEN CAST(sum(f.closed_on_time) AS BIGINT) WHEN sum(f.closed_on_time) >= 10 THEN (CAST(sum(f.closed_on_time) AS BIGINT) + 2) / 5 * 5 END AS closed_on_time,
    CASE WHEN sum(f.reworked) = 0 THEN CAST(sum(f.reworked) AS BIGINT) WHEN sum(f.reworked) >= 10 THEN (CAST(sum(f.reworked) AS BIGINT) + 2) / 5 * 5 END AS reworked,
    CASE WHEN sum(f.extended) = 0 THEN CAST(sum(f.extended) AS BIGINT) WHEN sum(f.extended) >= 10 THEN (CAST(sum(f.extended) AS BIGINT) + 2) / 5 * 5 END AS extended,
    CASE WHEN sum(f.ended) = 0 THEN CAST(sum(f.ended) AS BIGINT) WHEN sum(f.ended) >= 10 THEN (CAST(sum(f.ended) AS BIGINT) + 2) / 5 * 5 END AS ended,
    CASE WHEN sum(f.due) = 0 THEN CAST(sum(f.due) AS BIGINT) WHEN sum(f.due) >= 10 THEN (CAST(sum(f.due) AS BIGINT) + 2) / 5 * 5 END AS due,
    CASE WHEN sum(f.overdue_in) = 0 THEN CAST(sum(f.overdue_in) AS BIGINT) WHEN sum(f.overdue_in) >= 10 THEN (CAST(sum(f.overdue_in) AS BIGINT) + 2) / 5 * 5 END AS overdue_in,
    CASE WHEN sum(f.overdue_out) = 0 THEN CAST(sum(f.overdue_out) AS BIGINT) WHEN sum(f.overdue_out) >= 10 THEN (CAST(sum(f.overdue_out) AS BIGINT) + 2) / 5 * 5 END AS overdue_out
FROM facts_generations g JOIN facts_districts d ON d.generation = g.generation
    JOIN facts_rollups f ON f.district = d.district AND f.generation = d.generation AND f.cube = 1
WHERE g.is_current = 1
GROUP BY f.day, f.place;

-- By month and district.
CREATE VIEW v_months AS
SELECT
    (DATE '1970-01-01' + CAST(f.day AS INTEGER)) AS month,
    f.place AS district,
    CASE WHEN sum(f.reported) = 0 THEN CAST(sum(f.reported) AS BIGINT) WHEN sum(f.reported) >= 10 THEN (CAST(sum(f.reported) AS BIGINT) + 2) / 5 * 5 END AS reported,
    CASE WHEN sum(f.incidents) = 0 THEN CAST(sum(f.incidents) AS BIGINT) WHEN sum(f.incidents) >= 10 THEN (CAST(sum(f.incidents) AS BIGINT) + 2) / 5 * 5 END AS incidents,
    CASE WHEN sum(f.signal) = 0 THEN CAST(sum(f.signal) AS BIGINT) WHEN sum(f.signal) >= 10 THEN (CAST(sum(f.signal) AS BIGINT) + 2) / 5 * 5 END AS signal,
    CASE WHEN sum(f.accepted) = 0 THEN CAST(sum(f.accepted) AS BIGINT) WHEN sum(f.accepted) >= 10 THEN (CAST(sum(f.accepted) AS BIGINT) + 2) / 5 * 5 END AS accepted,
    CASE WHEN sum(f.registered) = 0 THEN CAST(sum(f.registered) AS BIGINT) WHEN sum(f.registered) >= 10 THEN (CAST(sum(f.registered) AS BIGINT) + 2) / 5 * 5 END AS registered,
    CASE WHEN sum(f.dispatched) = 0 THEN CAST(sum(f.dispatched) AS BIGINT) WHEN sum(f.dispatched) >= 10 THEN (CAST(sum(f.dispatched) AS BIGINT) + 2) / 5 * 5 END AS dispatched,
    CASE WHEN sum(f.handled) = 0 THEN CAST(sum(f.handled) AS BIGINT) WHEN sum(f.handled) >= 10 THEN (CAST(sum(f.handled) AS BIGINT) + 2) / 5 * 5 END AS handled,
    CASE WHEN sum(f.closed) = 0 THEN CAST(sum(f.closed) AS BIGINT) WHEN sum(f.closed) >= 10 THEN (CAST(sum(f.closed) AS BIGINT) + 2) / 5 * 5 END AS closed,
    CASE WHEN sum(f.closed_on_time) = 0 THEN CAST(sum(f.closed_on_time) AS BIGINT) WHEN sum(f.closed_on_time) >= 10 THEN (CAST(sum(f.closed_on_time) AS BIGINT) + 2) / 5 * 5 END AS closed_on_time,
    CASE WHEN sum(f.reworked) = 0 THEN CAST(sum(f.reworked) AS BIGINT) WHEN sum(f.reworked) >= 10 THEN (CAST(sum(f.reworked) AS BIGINT) + 2) / 5 * 5 END AS reworked,
    CASE WHEN sum(f.extended) = 0 THEN CAST(sum(f.extended) AS BIGINT) WHEN sum(f.extended) >= 10 THEN (CAST(sum(f.extended) AS BIGINT) + 2) / 5 * 5 END AS extended,
    CASE WHEN sum(f.ended) = 0 THEN CAST(sum(f.ended) AS BIGINT) WHEN sum(f.ended) >= 10 THEN (CAST(sum(f.ended) AS BIGINT) + 2) / 5 * 5 END AS ended,
    CASE WHEN sum(f.due) = 0 THEN CAST(sum(f.due) AS BIGINT) WHEN sum(f.due) >= 10 THEN (CAST(sum(f.due) AS BIGINT) + 2) / 5 * 5 END AS due,
    CASE WHEN sum(f.overdue_in) = 0 THEN CAST(sum(f.overdue_in) AS BIGINT) WHEN sum(f.overdue_in) >= 10 THEN (CAST(sum(f.overdue_in) AS BIGINT) + 2) / 5 * 5 END AS overdue_in,
    CASE WHEN sum(f.overdue_out) = 0 THEN CAST(sum(f.overdue_out) AS BIGINT) WHEN sum(f.overdue_out) >= 10 THEN (CAST(sum(f.overdue_out) AS BIGINT) + 2) / 5 * 5 END AS overdue_out
FROM facts_generations g JOIN facts_districts d ON d.generation = g.generation
    JOIN facts_rollups f ON f.district = d.district AND f.generation = d.generation AND f.cube = 101
WHERE g.is_current = 1
GROUP BY f.day, f.place;

-- By month and street.
CREATE VIEW v_streets AS
SELECT
    (DATE '1970-01-01' + CAST(f.day AS INTEGER)) AS month,
    f.place AS street,
    CASE WHEN sum(f.reported) = 0 THEN CAST(sum(f.reported) AS BIGINT) WHEN sum(f.reported) >= 10 THEN (CAST(sum(f.reported) AS BIGINT) + 2) / 5 * 5 END AS reported,
    CASE WHEN sum(f.incidents) = 0 THEN CAST(sum(f.incidents) AS BIGINT) WHEN sum(f.incidents) >= 10 THEN (CAST(sum(f.incidents) AS BIGINT) + 2) / 5 * 5 END AS incidents,
    CASE WHEN sum(f.signal) = 0 THEN CAST(sum(f.signal) AS BIGINT) WHEN sum(f.signal) >= 10 THEN (CAST(sum(f.signal) AS BIGINT) + 2) / 5 * 5 END AS signal,
    CASE WHEN sum(f.accepted) = 0 THEN CAST(sum(f.accepted) AS BIGINT) WHEN sum(f.accepted) >= 10 THEN (CAST(sum(f.accepted) AS BIGINT) + 2) / 5 * 5 END AS accepted,
    CASE WHEN sum(f.registered) = 0 THEN CAST(sum(f.registered) AS BIGINT) WHEN sum(f.registered) >= 10 THEN (CAST(sum(f.registered) AS BIGINT) + 2) / 5 * 5 END AS registered,
    CASE WHEN sum(f.dispatched) = 0 THEN CAST(sum(f.dispatched) AS BIGINT) WHEN sum(f.dispatched) >= 10 THEN (CAST(sum(f.dispatched) AS BIGINT) + 2) / 5 * 5 END AS dispatched,
    CASE WHEN sum(f.handled) = 0 THEN CAST(sum(f.handled) AS BIGINT) WHEN sum(f.handled) >= 10 THEN (CAST(sum(f.handled) AS BIGINT) + 2) / 5 * 5 END AS handled,
    CASE WHEN sum(f.closed) = 0 THEN CAST(sum(f.closed) AS BIGINT) WHEN sum(f.closed) >= 10 THEN (CAST(sum(f.closed) AS BIGINT) + 2) / 5 * 5 END AS closed,
    CASE WHEN sum(f.closed_on_time) = 0 THEN CAST(sum(f.closed_on_time) AS BIGINT) WHEN sum(f.closed_on_time) >= 10 THEN (CAST(sum(f.closed_on_time) AS BIGINT) + 2) / 5 * 5 END AS closed_on_time,
    CASE WHEN sum(f.reworked) = 0 THEN CAST(sum(f.reworked) AS BIGINT) WHEN sum(f.reworked) >= 10 THEN (CAST(sum(f.reworked) AS BIGINT) + 2) / 5 * 5 END AS reworked,
    CASE WHEN sum(f.extended) = 0 THEN CAST(sum(f.extended) AS BIGINT) WHEN sum(f.extended) >= 10 THEN (CAST(sum(f.extended) AS BIGINT) + 2) / 5 * 5 END AS extended,
    CASE WHEN sum(f.ended) = 0 THEN CAST(sum(f.ended) AS BIGINT) WHEN sum(f.ended) >= 10 THEN (CAST(sum(f.ended) AS BIGINT) + 2) / 5 * 5 END AS ended,
    CASE WHEN sum(f.due) = 0 THEN CAST(sum(f.due) AS BIGINT) WHEN sum(f.due) >= 10 THEN (CAST(sum(f.due) AS BIGINT) + 2) / 5 * 5 END AS due,
    CASE WHEN sum(f.overdue_in) = 0 THEN CAST(sum(f.overdue_in) AS BIGINT) WHEN sum(f.overdue_in) >= 10 THEN (CAST(sum(f.overdue_in) AS BIGINT) + 2) / 5 * 5 END AS overdue_in,
    CASE WHEN sum(f.overdue_out) = 0 THEN CAST(sum(f.overdue_out) AS BIGINT) WHEN sum(f.overdue_out) >= 10 THEN (CAST(sum(f.overdue_out) AS BIGINT) + 2) / 5 * 5 END AS overdue_out
FROM facts_generations g JOIN facts_districts d ON d.generation = g.generation
    JOIN facts_rollups f ON f.district = d.district AND f.generation = d.generation AND f.cube = 102
WHERE g.is_current = 1
GROUP BY f.day, f.place;

-- By month, district and class.
CREATE VIEW v_matters AS
SELECT
    (DATE '1970-01-01' + CAST(f.day AS INTEGER)) AS month,
    f.place AS district,
    m.catalogue || '/' || m.code AS matter,
    m.name_zh AS matter_name,
    CASE WHEN sum(f.reported) = 0 THEN CAST(sum(f.reported) AS BIGINT) WHEN sum(f.reported) >= 10 THEN (CAST(sum(f.reported) AS BIGINT) + 2) / 5 * 5 END AS reported,
    CASE WHEN sum(f.incidents) = 0 THEN CAST(sum(f.incidents) AS BIGINT) WHEN sum(f.incidents) >= 10 THEN (CAST(sum(f.incidents) AS BIGINT) + 2) / 5 * 5 END AS incidents,
    CASE WHEN sum(f.signal) = 0 THEN CAST(sum(f.signal) AS BIGINT) WHEN sum(f.signal) >= 10 THEN (CAST(sum(f.signal) AS BIGINT) + 2) / 5 * 5 END AS signal,
    CASE WHEN sum(f.accepted) = 0 THEN CAST(sum(f.accepted) AS BIGINT) WHEN sum(f.accepted) >= 10 THEN (CAST(sum(f.accepted) AS BIGINT) + 2) / 5 * 5 END AS accepted,
    CASE WHEN sum(f.registered) = 0 THEN CAST(sum(f.registered) AS BIGINT) WHEN sum(f.registered) >= 10 THEN (CAST(sum(f.registered) AS BIGINT) + 2) / 5 * 5 END AS registered,
    CASE WHEN sum(f.dispatched) = 0 THEN CAST(sum(f.dispatched) AS BIGINT) WHEN sum(f.dispatched) >= 10 THEN (CAST(sum(f.dispatched) AS BIGINT) + 2) / 5 * 5 END AS dispatched,
    CASE WHEN sum(f.handled) = 0 THEN CAST(sum(f.handled) AS BIGINT) WHEN sum(f.handled) >= 10 THEN (CAST(sum(f.handled) AS BIGINT) + 2) / 5 * 5 END AS handled,
    CASE WHEN sum(f.closed) = 0 THEN CAST(sum(f.closed) AS BIGINT) WHEN sum(f.closed) >= 10 THEN (CAST(sum(f.closed) AS BIGINT) + 2) / 5 * 5 END AS closed,
    CASE WHEN sum(f.closed_on_time) = 0 THEN CAST(sum(f.closed_on_time) AS BIGINT) WHEN sum(f.closed_on_time) >= 10 THEN (CAST(sum(f.closed_on_time) AS BIGINT) + 2) / 5 * 5 END AS closed_on_time,
    CASE WHEN sum(f.reworked) = 0 THEN CAST(sum(f.reworked) AS BIGINT) WHEN sum(f.reworked) >= 10 THEN (CAST(sum(f.reworked) AS BIGINT) + 2) / 5 * 5 END AS reworked,
    CASE WHEN sum(f.extended) = 0 THEN CAST(sum(f.extended) AS BIGINT) WHEN sum(f.extended) >= 10 THEN (CAST(sum(f.extended) AS BIGINT) + 2) / 5 * 5 END AS extended,
    CASE WHEN sum(f.ended) = 0 THEN CAST(sum(f.ended) AS BIGINT) WHEN sum(f.ended) >= 10 THEN (CAST(sum(f.ended) AS BIGINT) + 2) / 5 * 5 END AS ended,
    CASE WHEN sum(f.due) = 0 THEN CAST(sum(f.due) AS BIGINT) WHEN sum(f.due) >= 10 THEN (CAST(sum(f.due) AS BIGINT) + 2) / 5 * 5 END AS due,
    CASE WHEN sum(f.overdue_in) = 0 THEN CAST(sum(f.overdue_in) AS BIGINT) WHEN sum(f.overdue_in) >= 10 THEN (CAST(sum(f.overdue_in) AS BIGINT) + 2) / 5 * 5 END AS overdue_in,
    CASE WHEN sum(f.overdue_out) = 0 THEN CAST(sum(f.overdue_out) AS BIGINT) WHEN sum(f.overdue_out) >= 10 THEN (CAST(sum(f.overdue_out) AS BIGINT) + 2) / 5 * 5 END AS overdue_out
FROM facts_generations g JOIN facts_districts d ON d.generation = g.generation
    JOIN facts_rollups f ON f.district = d.district AND f.generation = d.generation AND f.cube = 104
    LEFT JOIN matter_classes m ON m.id = f.matter
WHERE g.is_current = 1
GROUP BY f.day, f.place, m.catalogue || '/' || m.code, m.name_zh;

-- By month, street and class.
CREATE VIEW v_street_matters AS
SELECT
    (DATE '1970-01-01' + CAST(f.day AS INTEGER)) AS month,
    f.place AS street,
    m.catalogue || '/' || m.code AS matter,
    m.name_zh AS matter_name,
    CASE WHEN sum(f.reported) = 0 THEN CAST(sum(f.reported) AS BIGINT) WHEN sum(f.reported) >= 10 THEN (CAST(sum(f.reported) AS BIGINT) + 2) / 5 * 5 END AS reported,
    CASE WHEN sum(f.incidents) = 0 THEN CAST(sum(f.incidents) AS BIGINT) WHEN sum(f.incidents) >= 10 THEN (CAST(sum(f.incidents) AS BIGINT) + 2) / 5 * 5 END AS incidents,
    CASE WHEN sum(f.signal) = 0 THEN CAST(sum(f.signal) AS BIGINT) WHEN sum(f.signal) >= 10 THEN (CAST(sum(f.signal) AS BIGINT) + 2) / 5 * 5 END AS signal,
    CASE WHEN sum(f.accepted) = 0 THEN CAST(sum(f.accepted) AS BIGINT) WHEN sum(f.accepted) >= 10 THEN (CAST(sum(f.accepted) AS BIGINT) + 2) / 5 * 5 END AS accepted,
    CASE WHEN sum(f.registered) = 0 THEN CAST(sum(f.registered) AS BIGINT) WHEN sum(f.registered) >= 10 THEN (CAST(sum(f.registered) AS BIGINT) + 2) / 5 * 5 END AS registered,
    CASE WHEN sum(f.dispatched) = 0 THEN CAST(sum(f.dispatched) AS BIGINT) WHEN sum(f.dispatched) >= 10 THEN (CAST(sum(f.dispatched) AS BIGINT) + 2) / 5 * 5 END AS dispatched,
    CASE WHEN sum(f.handled) = 0 THEN CAST(sum(f.handled) AS BIGINT) WHEN sum(f.handled) >= 10 THEN (CAST(sum(f.handled) AS BIGINT) + 2) / 5 * 5 END AS handled,
    CASE WHEN sum(f.closed) = 0 THEN CAST(sum(f.closed) AS BIGINT) WHEN sum(f.closed) >= 10 THEN (CAST(sum(f.closed) AS BIGINT) + 2) / 5 * 5 END AS closed,
    CASE WHEN sum(f.closed_on_time) = 0 THEN CAST(sum(f.closed_on_time) AS BIGINT) WHEN sum(f.closed_on_time) >= 10 THEN (CAST(sum(f.closed_on_time) AS BIGINT) + 2) / 5 * 5 END AS closed_on_time,
    CASE WHEN sum(f.reworked) = 0 THEN CAST(sum(f.reworked) AS BIGINT) WHEN sum(f.reworked) >= 10 THEN (CAST(sum(f.reworked) AS BIGINT) + 2) / 5 * 5 END AS reworked,
    CASE WHEN sum(f.extended) = 0 THEN CAST(sum(f.extended) AS BIGINT) WHEN sum(f.extended) >= 10 THEN (CAST(sum(f.extended) AS BIGINT) + 2) / 5 * 5 END AS extended,
    CASE WHEN sum(f.ended) = 0 THEN CAST(sum(f.ended) AS BIGINT) WHEN sum(f.ended) >= 10 THEN (CAST(sum(f.ended) AS BIGINT) + 2) / 5 * 5 END AS ended,
    CASE WHEN sum(f.due) = 0 THEN CAST(sum(f.due) AS BIGINT) WHEN sum(f.due) >= 10 THEN (CAST(sum(f.due) AS BIGINT) + 2) / 5 * 5 END AS due,
    CASE WHEN sum(f.overdue_in) = 0 THEN CAST(sum(f.overdue_in) AS BIGINT) WHEN sum(f.overdue_in) >= 10 THEN (CAST(sum(f.overdue_in) AS BIGINT) + 2) / 5 * 5 END AS overdue_in,
    CASE WHEN sum(f.overdue_out) = 0 THEN CAST(sum(f.overdue_out) AS BIGINT) WHEN sum(f.overdue_out) >= 10 THEN (CAST(sum(f.overdue_out) AS BIGINT) + 2) / 5 * 5 END AS overdue_out
FROM facts_generations g JOIN facts_districts d ON d.generation = g.generation
    JOIN facts_rollups f ON f.district = d.district AND f.generation = d.generation AND f.cube = 105
    LEFT JOIN matter_classes m ON m.id = f.matter
WHERE g.is_current = 1
GROUP BY f.day, f.place, m.catalogue || '/' || m.code, m.name_zh;

-- By month and handling unit.
CREATE VIEW v_units AS
SELECT
    (DATE '1970-01-01' + CAST(f.day AS INTEGER)) AS month,
    u.code AS unit,
    u.name_zh AS unit_name,
    CASE WHEN /* own */ sum(f.reported) = 0 THEN CAST(sum(f.reported) AS BIGINT) WHEN sum(f.reported) >= 10 THEN (CAST(sum(f.reported) AS BIGINT) + 2) / 5 * 5 END AS reported,
    CASE WHEN /* own */ sum(f.incidents) = 0 THEN CAST(sum(f.incidents) AS BIGINT) WHEN sum(f.incidents) >= 10 THEN (CAST(sum(f.incidents) AS BIGINT) + 2) / 5 * 5 END AS incidents,
    CASE WHEN /* own */ sum(f.signal) = 0 THEN CAST(sum(f.signal) AS BIGINT) WHEN sum(f.signal) >= 10 THEN (CAST(sum(f.signal) AS BIGINT) + 2) / 5 * 5 END AS signal,
    CASE WHEN /* own */ sum(f.accepted) = 0 THEN CAST(sum(f.accepted) AS BIGINT) WHEN sum(f.accepted) >= 10 THEN (CAST(sum(f.accepted) AS BIGINT) + 2) / 5 * 5 END AS accepted,
    CASE WHEN /* own */ sum(f.registered) = 0 THEN CAST(sum(f.registered) AS BIGINT) WHEN sum(f.registered) >= 10 THEN (CAST(sum(f.registered) AS BIGINT) + 2) / 5 * 5 END AS registered,
    CASE WHEN /* own */ sum(f.dispatched) = 0 THEN CAST(sum(f.dispatched) AS BIGINT) WHEN sum(f.dispatched) >= 10 THEN (CAST(sum(f.dispatched) AS BIGINT) + 2) / 5 * 5 END AS dispatched,
    CASE WHEN /* own */ sum(f.handled) = 0 THEN CAST(sum(f.handled) AS BIGINT) WHEN sum(f.handled) >= 10 THEN (CAST(sum(f.handled) AS BIGINT) + 2) / 5 * 5 END AS handled,
    CASE WHEN /* own */ sum(f.closed) = 0 THEN CAST(sum(f.closed) AS BIGINT) WHEN sum(f.closed) >= 10 THEN (CAST(sum(f.closed) AS BIGINT) + 2) / 5 * 5 END AS closed,
    CASE WHEN /* own */ sum(f.closed_on_time) = 0 THEN CAST(sum(f.closed_on_time) AS BIGINT) WHEN sum(f.closed_on_time) >= 10 THEN (CAST(sum(f.closed_on_time) AS BIGINT) + 2) / 5 * 5 END AS closed_on_time,
    CASE WHEN /* own */ sum(f.reworked) = 0 THEN CAST(sum(f.reworked) AS BIGINT) WHEN sum(f.reworked) >= 10 THEN (CAST(sum(f.reworked) AS BIGINT) + 2) / 5 * 5 END AS reworked,
    CASE WHEN /* own */ sum(f.extended) = 0 THEN CAST(sum(f.extended) AS BIGINT) WHEN sum(f.extended) >= 10 THEN (CAST(sum(f.extended) AS BIGINT) + 2) / 5 * 5 END AS extended,
    CASE WHEN /* own */ sum(f.ended) = 0 THEN CAST(sum(f.ended) AS BIGINT) WHEN sum(f.ended) >= 10 THEN (CAST(sum(f.ended) AS BIGINT) + 2) / 5 * 5 END AS ended,
    CASE WHEN /* own */ sum(f.due) = 0 THEN CAST(sum(f.due) AS BIGINT) WHEN sum(f.due) >= 10 THEN (CAST(sum(f.due) AS BIGINT) + 2) / 5 * 5 END AS due,
    CASE WHEN /* own */ sum(f.overdue_in) = 0 THEN CAST(sum(f.overdue_in) AS BIGINT) WHEN sum(f.overdue_in) >= 10 THEN (CAST(sum(f.overdue_in) AS BIGINT) + 2) / 5 * 5 END AS overdue_in,
    CASE WHEN /* own */ sum(f.overdue_out) = 0 THEN CAST(sum(f.overdue_out) AS BIGINT) WHEN sum(f.overdue_out) >= 10 THEN (CAST(sum(f.overdue_out) AS BIGINT) + 2) / 5 * 5 END AS overdue_out
FROM facts_generations g JOIN facts_districts d ON d.generation = g.generation
    JOIN facts_rollups f ON f.district = d.district AND f.generation = d.generation AND f.cube = 106
    LEFT JOIN units u ON u.id = f.unit
WHERE g.is_current = 1
GROUP BY f.day, u.code, u.name_zh, f.unit;

-- By month, handling unit and class.
CREATE VIEW v_unit_matters AS
SELECT
    (DATE '1970-01-01' + CAST(f.day AS INTEGER)) AS month,
    u.code AS unit,
    u.name_zh AS unit_name,
    m.catalogue || '/' || m.code AS matter,
    m.name_zh AS matter_name,
    CASE WHEN /* own */ sum(f.reported) = 0 THEN CAST(sum(f.reported) AS BIGINT) WHEN sum(f.reported) >= 10 THEN (CAST(sum(f.reported) AS BIGINT) + 2) / 5 * 5 END AS reported,
    CASE WHEN /* own */ sum(f.incidents) = 0 THEN CAST(sum(f.incidents) AS BIGINT) WHEN sum(f.incidents) >= 10 THEN (CAST(sum(f.incidents) AS BIGINT) + 2) / 5 * 5 END AS incidents,
    CASE WHEN /* own */ sum(f.signal) = 0 THEN CAST(sum(f.signal) AS BIGINT) WHEN sum(f.signal) >= 10 THEN (CAST(sum(f.signal) AS BIGINT) + 2) / 5 * 5 END AS signal,
    CASE WHEN /* own */ sum(f.accepted) = 0 THEN CAST(sum(f.accepted) AS BIGINT) WHEN sum(f.accepted) >= 10 THEN (CAST(sum(f.accepted) AS BIGINT) + 2) / 5 * 5 END AS accepted,
    CASE WHEN /* own */ sum(f.registered) = 0 THEN CAST(sum(f.registered) AS BIGINT) WHEN sum(f.registered) >= 10 THEN (CAST(sum(f.registered) AS BIGINT) + 2) / 5 * 5 END AS registered,
    CASE WHEN /* own */ sum(f.dispatched) = 0 THEN CAST(sum(f.dispatched) AS BIGINT) WHEN sum(f.dispatched) >= 10 THEN (CAST(sum(f.dispatched) AS BIGINT) + 2) / 5 * 5 END AS dispatched,
    CASE WHEN /* own */ sum(f.handled) = 0 THEN CAST(sum(f.handled) AS BIGINT) WHEN sum(f.handled) >= 10 THEN (CAST(sum(f.handled) AS BIGINT) + 2) / 5 * 5 END AS handled,
    CASE WHEN /* own */ sum(f.closed) = 0 THEN CAST(sum(f.closed) AS BIGINT) WHEN sum(f.closed) >= 10 THEN (CAST(sum(f.closed) AS BIGINT) + 2) / 5 * 5 END AS closed,
    CASE WHEN /* own */ sum(f.closed_on_time) = 0 THEN CAST(sum(f.closed_on_time) AS BIGINT) WHEN sum(f.closed_on_time) >= 10 THEN (CAST(sum(f.closed_on_time) AS BIGINT) + 2) / 5 * 5 END AS closed_on_time,
    CASE WHEN /* own */ sum(f.reworked) = 0 THEN CAST(sum(f.reworked) AS BIGINT) WHEN sum(f.reworked) >= 10 THEN (CAST(sum(f.reworked) AS BIGINT) + 2) / 5 * 5 END AS reworked,
    CASE WHEN /* own */ sum(f.extended) = 0 THEN CAST(sum(f.extended) AS BIGINT) WHEN sum(f.extended) >= 10 THEN (CAST(sum(f.extended) AS BIGINT) + 2) / 5 * 5 END AS extended,
    CASE WHEN /* own */ sum(f.ended) = 0 THEN CAST(sum(f.ended) AS BIGINT) WHEN sum(f.ended) >= 10 THEN (CAST(sum(f.ended) AS BIGINT) + 2) / 5 * 5 END AS ended,
    CASE WHEN /* own */ sum(f.due) = 0 THEN CAST(sum(f.due) AS BIGINT) WHEN sum(f.due) >= 10 THEN (CAST(sum(f.due) AS BIGINT) + 2) / 5 * 5 END AS due,
    CASE WHEN /* own */ sum(f.overdue_in) = 0 THEN CAST(sum(f.overdue_in) AS BIGINT) WHEN sum(f.overdue_in) >= 10 THEN (CAST(sum(f.overdue_in) AS BIGINT) + 2) / 5 * 5 END AS overdue_in,
    CASE WHEN /* own */ sum(f.overdue_out) = 0 THEN CAST(sum(f.overdue_out) AS BIGINT) WHEN sum(f.overdue_out) >= 10 THEN (CAST(sum(f.overdue_out) AS BIGINT) + 2) / 5 * 5 END AS overdue_out
FROM facts_generations g JOIN facts_districts d ON d.generation = g.generation
    JOIN facts_rollups f ON f.district = d.district AND f.generation = d.generation AND f.cube = 108
    LEFT JOIN units u ON u.id = f.unit
    LEFT JOIN matter_classes m ON m.id = f.matter
WHERE g.is_current = 1
GROUP BY f.day, u.code, u.name_zh, m.catalogue || '/' || m.code, m.name_zh, f.unit;

-- By month, district and channel.
CREATE VIEW v_channels AS
SELECT
    (DATE '1970-01-01' + CAST(f.day AS INTEGER)) AS month,
    f.place AS district,
    f.word AS channel,
    CASE WHEN sum(f.reported) = 0 THEN CAST(sum(f.reported) AS BIGINT) WHEN sum(f.reported) >= 10 THEN (CAST(sum(f.reported) AS BIGINT) + 2) / 5 * 5 END AS reported,
    CASE WHEN sum(f.incidents) = 0 THEN CAST(sum(f.incidents) AS BIGINT) WHEN sum(f.incidents) >= 10 THEN (CAST(sum(f.incidents) AS BIGINT) + 2) / 5 * 5 END AS incidents,
    CASE WHEN sum(f.signal) = 0 THEN CAST(sum(f.signal) AS BIGINT) WHEN sum(f.signal) >= 10 THEN (CAST(sum(f.signal) AS BIGINT) + 2) / 5 * 5 END AS signal,
    CASE WHEN sum(f.accepted) = 0 THEN CAST(sum(f.accepted) AS BIGINT) WHEN sum(f.accepted) >= 10 THEN (CAST(sum(f.accepted) AS BIGINT) + 2) / 5 * 5 END AS accepted,
    CASE WHEN sum(f.registered) = 0 THEN CAST(sum(f.registered) AS BIGINT) WHEN sum(f.registered) >= 10 THEN (CAST(sum(f.registered) AS BIGINT) + 2) / 5 * 5 END AS registered,
    CASE WHEN sum(f.dispatched) = 0 THEN CAST(sum(f.dispatched) AS BIGINT) WHEN sum(f.dispatched) >= 10 THEN (CAST(sum(f.dispatched) AS BIGINT) + 2) / 5 * 5 END AS dispatched,
    CASE WHEN sum(f.handled) = 0 THEN CAST(sum(f.handled) AS BIGINT) WHEN sum(f.handled) >= 10 THEN (CAST(sum(f.handled) AS BIGINT) + 2) / 5 * 5 END AS handled,
    CASE WHEN sum(f.closed) = 0 THEN CAST(sum(f.closed) AS BIGINT) WHEN sum(f.closed) >= 10 THEN (CAST(sum(f.closed) AS BIGINT) + 2) / 5 * 5 END AS closed,
    CASE WHEN sum(f.closed_on_time) = 0 THEN CAST(sum(f.closed_on_time) AS BIGINT) WHEN sum(f.closed_on_time) >= 10 THEN (CAST(sum(f.closed_on_time) AS BIGINT) + 2) / 5 * 5 END AS closed_on_time,
    CASE WHEN sum(f.reworked) = 0 THEN CAST(sum(f.reworked) AS BIGINT) WHEN sum(f.reworked) >= 10 THEN (CAST(sum(f.reworked) AS BIGINT) + 2) / 5 * 5 END AS reworked,
    CASE WHEN sum(f.extended) = 0 THEN CAST(sum(f.extended) AS BIGINT) WHEN sum(f.extended) >= 10 THEN (CAST(sum(f.extended) AS BIGINT) + 2) / 5 * 5 END AS extended,
    CASE WHEN sum(f.ended) = 0 THEN CAST(sum(f.ended) AS BIGINT) WHEN sum(f.ended) >= 10 THEN (CAST(sum(f.ended) AS BIGINT) + 2) / 5 * 5 END AS ended,
    CASE WHEN sum(f.due) = 0 THEN CAST(sum(f.due) AS BIGINT) WHEN sum(f.due) >= 10 THEN (CAST(sum(f.due) AS BIGINT) + 2) / 5 * 5 END AS due,
    CASE WHEN sum(f.overdue_in) = 0 THEN CAST(sum(f.overdue_in) AS BIGINT) WHEN sum(f.overdue_in) >= 10 THEN (CAST(sum(f.overdue_in) AS BIGINT) + 2) / 5 * 5 END AS overdue_in,
    CASE WHEN sum(f.overdue_out) = 0 THEN CAST(sum(f.overdue_out) AS BIGINT) WHEN sum(f.overdue_out) >= 10 THEN (CAST(sum(f.overdue_out) AS BIGINT) + 2) / 5 * 5 END AS overdue_out
FROM facts_generations g JOIN facts_districts d ON d.generation = g.generation
    JOIN facts_rollups f ON f.district = d.district AND f.generation = d.generation AND f.cube = 107
WHERE g.is_current = 1
GROUP BY f.day, f.place, f.word;

-- Reports by month, district and present state.
CREATE VIEW v_states AS
SELECT
    (DATE '1970-01-01' + CAST(f.day AS INTEGER)) AS month,
    f.place AS district,
    f.word AS state,
    CASE WHEN sum(f.reported) = 0 THEN CAST(sum(f.reported) AS BIGINT) WHEN sum(f.reported) >= 10 THEN (CAST(sum(f.reported) AS BIGINT) + 2) / 5 * 5 END AS reported,
    CASE WHEN sum(f.incidents) = 0 THEN CAST(sum(f.incidents) AS BIGINT) WHEN sum(f.incidents) >= 10 THEN (CAST(sum(f.incidents) AS BIGINT) + 2) / 5 * 5 END AS incidents,
    CASE WHEN sum(f.signal) = 0 THEN CAST(sum(f.signal) AS BIGINT) WHEN sum(f.signal) >= 10 THEN (CAST(sum(f.signal) AS BIGINT) + 2) / 5 * 5 END AS signal
FROM facts_generations g JOIN facts_districts d ON d.generation = g.generation
    JOIN facts_rollups f ON f.district = d.district AND f.generation = d.generation AND f.cube = 109
WHERE g.is_current = 1
GROUP BY f.day, f.place, f.word;

-- How long steps took, by the month in which they ended and the unit: a histogram; `up_to_hours` is NULL for the last bucket.
CREATE VIEW v_durations AS
SELECT
    (DATE '1970-01-01' + CAST(f.day AS INTEGER)) AS month,
    u.code AS unit,
    u.name_zh AS unit_name,
    CASE f.span WHEN 0 THEN 'accept' WHEN 1 THEN 'handle' ELSE 'close' END AS step,
    CASE f.bucket WHEN 0 THEN 1 WHEN 1 THEN 2 WHEN 2 THEN 4 WHEN 3 THEN 8 WHEN 4 THEN 12 WHEN 5 THEN 24 WHEN 6 THEN 48 WHEN 7 THEN 72 WHEN 8 THEN 120 WHEN 9 THEN 168 WHEN 10 THEN 240 WHEN 11 THEN 360 WHEN 12 THEN 480 WHEN 13 THEN 720 WHEN 14 THEN 1440 WHEN 15 THEN 2160 END AS up_to_hours,
    CASE WHEN /* own */ sum(f.n) = 0 THEN CAST(sum(f.n) AS BIGINT) WHEN sum(f.n) >= 10 THEN (CAST(sum(f.n) AS BIGINT) + 2) / 5 * 5 END AS cases
FROM facts_generations g JOIN facts_districts d ON d.generation = g.generation
    JOIN facts_spans f ON f.district = d.district AND f.generation = d.generation AND f.cube = 106
    LEFT JOIN units u ON u.id = f.unit
WHERE g.is_current = 1
GROUP BY f.day, f.unit, u.code, u.name_zh, f.span, f.bucket;

-- Names and sizes of places, for joining: `digits` are the leading digits by which the other views name them.
CREATE VIEW v_places AS
SELECT
    CASE level WHEN 'street' THEN substr(code, 1, 9) WHEN 'district' THEN substr(code, 1, 6) ELSE code END AS digits,
    code, name, level, residents, households
FROM divisions;

-- Up to when the figures had everything when something was last counted.
CREATE VIEW v_freshness AS
SELECT to_timestamp(as_of / 1000000.0) AS as_of, zone
FROM facts_generations WHERE is_current = 1;
