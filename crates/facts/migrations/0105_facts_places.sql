-- What was reported and closed by day and place as exact as known (a unit grid where there is one), whatever the class: the map by
-- unit grid reads it. Closings of weeks in all unit grids were counted case by case before.
CREATE TABLE facts_places (
    district       TEXT   NOT NULL,
    generation     BIGINT NOT NULL,
    day            BIGINT NOT NULL,
    place          TEXT   NOT NULL,
    reported       BIGINT NOT NULL,
    incidents      BIGINT NOT NULL,
    signal         BIGINT NOT NULL,
    closed         BIGINT NOT NULL,
    closed_on_time BIGINT NOT NULL,
    PRIMARY KEY (district, generation, day, place)
) /* clustered */;

INSERT INTO facts_places
    SELECT district, generation, day, place, sum(reported), sum(incidents), sum(signal), sum(closed), sum(closed_on_time) FROM (
        SELECT district, generation, reported_day AS day, place, 1 AS reported, CASE WHEN kind = 0 THEN 1 ELSE 0 END AS incidents,
            CASE WHEN kind = 0 AND patrol = 0 THEN 1 ELSE 0 END AS signal, 0 AS closed, 0 AS closed_on_time FROM facts_cases
        UNION ALL
        SELECT district, generation, closed_day, place, 0, 0, 0, 1, on_time FROM facts_cases WHERE closed_day IS NOT NULL
    ) AS c GROUP BY district, generation, day, place;
