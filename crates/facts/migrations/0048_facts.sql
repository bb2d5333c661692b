-- 统计底座 — the read model for figures. All of it is derived: `shiyu facts rebuild` makes it again from the record.
-- A generation is one complete making; readers look at the current one, a rebuild writes the next beside it.
-- Days are counted from 1970-01-01 in the deployment's zone.
CREATE TABLE facts_generations (
    generation BIGINT NOT NULL PRIMARY KEY,
    zone       TEXT   NOT NULL,
    is_current BIGINT NOT NULL,
    started_at BIGINT NOT NULL,
    ready_at   BIGINT,
    as_of      BIGINT NOT NULL
);

-- The districts of record that have figures: by them every statement finds its ranges of the keys below.
CREATE TABLE facts_districts (
    district   TEXT   NOT NULL,
    generation BIGINT NOT NULL,
    PRIMARY KEY (district, generation)
) /* clustered */;

-- What each case counts as now. The difference to the next is what changes below.
CREATE TABLE facts_cases (
    district       TEXT   NOT NULL,
    generation     BIGINT NOT NULL,
    case_id        BYTEA  NOT NULL,
    version        BIGINT NOT NULL,
    place          TEXT   NOT NULL,
    matter         BYTEA  NOT NULL,
    unit           BYTEA  NOT NULL,
    channel        TEXT   NOT NULL,
    state          TEXT   NOT NULL,
    kind           BIGINT NOT NULL,
    patrol         BIGINT NOT NULL,
    reported_day   BIGINT NOT NULL,
    accepted_day   BIGINT,
    registered_day BIGINT,
    dispatched_day BIGINT,
    handled_day    BIGINT,
    closed_day     BIGINT,
    on_time        BIGINT NOT NULL,
    reworked_day   BIGINT,
    extended_day   BIGINT,
    ended_day      BIGINT,
    due_day        BIGINT,
    overdue_from   BIGINT,
    overdue_to     BIGINT,
    accept_s       BIGINT,
    handle_s       BIGINT,
    close_s        BIGINT,
    PRIMARY KEY (district, generation, case_id)
) /* clustered */;
CREATE INDEX facts_cases_by_place ON facts_cases (district, generation, place, reported_day);

-- Counts by day (cube below 100) or month (cube above 100, day = its first): which of place, matter, unit and word (channel
-- or state) are filled in depends on the cube (src/cubes.rs); the others are empty.
CREATE TABLE facts_rollups (
    district       TEXT   NOT NULL,
    generation     BIGINT NOT NULL,
    cube           BIGINT NOT NULL,
    day            BIGINT NOT NULL,
    place          TEXT   NOT NULL,
    matter         BYTEA  NOT NULL,
    unit           BYTEA  NOT NULL,
    word           TEXT   NOT NULL,
    reported       BIGINT NOT NULL,
    incidents      BIGINT NOT NULL,
    signal         BIGINT NOT NULL,
    accepted       BIGINT NOT NULL,
    registered     BIGINT NOT NULL,
    dispatched     BIGINT NOT NULL,
    handled        BIGINT NOT NULL,
    closed         BIGINT NOT NULL,
    closed_on_time BIGINT NOT NULL,
    reworked       BIGINT NOT NULL,
    extended       BIGINT NOT NULL,
    ended          BIGINT NOT NULL,
    due            BIGINT NOT NULL,
    overdue_in     BIGINT NOT NULL,
    overdue_out    BIGINT NOT NULL,
    PRIMARY KEY (district, generation, cube, day, place, matter, unit, word)
) /* clustered */;
CREATE INDEX facts_rollups_of_matter ON facts_rollups (district, generation, matter, place, day) WHERE cube = 5;

-- Reports by day, place as exact as known (a unit grid where there is one) and matter: what detectors read.
CREATE TABLE facts_spots (
    district   TEXT   NOT NULL,
    generation BIGINT NOT NULL,
    day        BIGINT NOT NULL,
    place      TEXT   NOT NULL,
    matter     BYTEA  NOT NULL,
    reported   BIGINT NOT NULL,
    incidents  BIGINT NOT NULL,
    signal     BIGINT NOT NULL,
    PRIMARY KEY (district, generation, day, place, matter)
) /* clustered */;

-- How long steps took, as histograms with fixed bounds, on the day (or in the month) on which the step ended.
CREATE TABLE facts_spans (
    district   TEXT   NOT NULL,
    generation BIGINT NOT NULL,
    cube       BIGINT NOT NULL,
    day        BIGINT NOT NULL,
    place      TEXT   NOT NULL,
    matter     BYTEA  NOT NULL,
    unit       BYTEA  NOT NULL,
    span       BIGINT NOT NULL,
    bucket     BIGINT NOT NULL,
    n          BIGINT NOT NULL,
    seconds    BIGINT NOT NULL,
    PRIMARY KEY (district, generation, cube, day, place, matter, unit, span, bucket)
) /* clustered */;
