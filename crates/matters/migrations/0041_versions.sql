-- 版本 — a class keeps its id for good and says something else from a day on. `matter_classes` holds what was in force
-- when it was last written, so that a statement can join a name; which version counts on a day is decided from this table.
-- A class that never changed has no row here: its row in `matter_classes` is its first version.
ALTER TABLE matter_classes ADD COLUMN claimable BIGINT NOT NULL DEFAULT 0;
ALTER TABLE matter_classes ADD COLUMN version BIGINT NOT NULL DEFAULT 1;
ALTER TABLE matter_classes ADD COLUMN valid_from TEXT;
ALTER TABLE matter_classes ADD COLUMN valid_to TEXT;

CREATE TABLE matter_versions (
    class      BYTEA  NOT NULL,
    version    BIGINT NOT NULL,
    valid_from TEXT,
    body       TEXT   NOT NULL,
    note       TEXT   NOT NULL,
    made_at    BIGINT NOT NULL,
    made_by    BYTEA,
    PRIMARY KEY (class, version)
);

-- 草稿 — what a class shall say next, one a class at most. `base` is the version it was begun from, 0 for a new class.
CREATE TABLE matter_drafts (
    class     BYTEA  NOT NULL PRIMARY KEY,
    base      BIGINT NOT NULL,
    body      TEXT   NOT NULL,
    note      TEXT   NOT NULL,
    edited_at BIGINT NOT NULL,
    edited_by BYTEA
);
