-- 区划 — divisions of every level, by their twelve-digit code. Kept for good: a code that ends keeps its row with an end date.
CREATE TABLE divisions (
    code       TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    name_en    TEXT,
    level      TEXT   NOT NULL,
    parent     TEXT,
    valid_from TEXT,
    valid_to   TEXT,
    residents  BIGINT,
    households BIGINT,
    shape      TEXT,
    drawn      BIGINT NOT NULL,
    source     TEXT   NOT NULL
);

-- 单元网格 — cells of about 10,000 m², by their fifteen-digit code. A changed cell gets a new code.
CREATE TABLE unit_grids (
    code       TEXT   NOT NULL PRIMARY KEY,
    shape      TEXT   NOT NULL,
    area_m2    DOUBLE PRECISION NOT NULL,
    land_use   TEXT,
    valid_from TEXT,
    valid_to   TEXT,
    drawn      BIGINT NOT NULL,
    source     TEXT   NOT NULL
);

-- The lattice of the cells drawn for points, one a district, so that a later file finds the same cells.
CREATE TABLE drawn_lattices (
    district     TEXT   NOT NULL PRIMARY KEY,
    metres       BIGINT NOT NULL,
    west         DOUBLE PRECISION NOT NULL,
    north        DOUBLE PRECISION NOT NULL,
    step_lon     DOUBLE PRECISION NOT NULL,
    step_lat     DOUBLE PRECISION NOT NULL,
    first_street BIGINT NOT NULL
);

-- 责任网格 — beats: a set of unit grids with the workers who look after it and their shifts.
CREATE TABLE beats (
    code       TEXT   NOT NULL PRIMARY KEY,
    name       TEXT   NOT NULL,
    valid_from TEXT,
    valid_to   TEXT,
    source     TEXT   NOT NULL
);
CREATE TABLE beat_grids (
    beat TEXT NOT NULL,
    grid TEXT NOT NULL,
    PRIMARY KEY (beat, grid)
);
CREATE INDEX beat_grids_by_grid ON beat_grids (grid);
CREATE TABLE beat_shifts (
    beat     TEXT   NOT NULL,
    position BIGINT NOT NULL,
    account  BYTEA  NOT NULL,
    weekday  BIGINT NOT NULL,
    from_min BIGINT NOT NULL,
    to_min   BIGINT NOT NULL,
    PRIMARY KEY (beat, position)
);

-- How often each part of the reference data has changed: what a running process compares with its snapshot.
CREATE TABLE reference_changes (
    part    TEXT   NOT NULL PRIMARY KEY,
    counter BIGINT NOT NULL
);
INSERT INTO reference_changes (part, counter) VALUES ('territory', 0), ('units', 0), ('catalogue', 0), ('duties', 0), ('calendars', 0);
