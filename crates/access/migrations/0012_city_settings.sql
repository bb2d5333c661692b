-- 城市规则 — what a city sets: every value a rule ever had. The last row of a key is in force; a null value is the default.
CREATE TABLE city_settings (
    seq    BIGINT NOT NULL PRIMARY KEY,
    name   TEXT   NOT NULL,
    value  TEXT,
    at     BIGINT NOT NULL,
    set_by BYTEA,
    reason TEXT   NOT NULL
);
CREATE INDEX city_settings_by_name ON city_settings (name, seq);
