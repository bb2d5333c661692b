-- 单位 — departments, enterprises, organisations and groups that can be responsible for a matter. `code` is the city's own
-- code, or `source/name` where an import met a name nobody had registered (reviewed = 0 until a person has looked).
CREATE TABLE units (
    id         BYTEA  NOT NULL PRIMARY KEY,
    code       TEXT   NOT NULL,
    name_zh    TEXT   NOT NULL,
    name_en    TEXT,
    kind       TEXT   NOT NULL,
    parent     TEXT,
    division   TEXT,
    phone      TEXT,
    valid_from TEXT,
    valid_to   TEXT,
    source     TEXT   NOT NULL,
    reviewed   BIGINT NOT NULL
);
CREATE UNIQUE INDEX units_by_code ON units (code);
