-- 指标定义 — sets of definitions that the city brought in. A version never changes; the next one is added.
CREATE TABLE definition_sets (
    id          TEXT   NOT NULL,
    version     BIGINT NOT NULL,
    body        TEXT   NOT NULL,
    imported_at BIGINT NOT NULL,
    PRIMARY KEY (id, version)
);
