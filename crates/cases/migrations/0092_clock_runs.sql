-- 时限重算 — runs of the job that computes open deadlines again after a calendar changed, and how far each has come.
CREATE TABLE clock_runs (
    district       TEXT   NOT NULL,
    id             BYTEA  NOT NULL,
    calendars      TEXT   NOT NULL,
    started_at     BIGINT NOT NULL,
    updated_at     BIGINT NOT NULL,
    finished_at    BIGINT,
    total          BIGINT NOT NULL,
    seen           BIGINT NOT NULL,
    moved          BIGINT NOT NULL,
    failed         BIGINT NOT NULL,
    after_district TEXT,
    after_id       BYTEA,
    PRIMARY KEY (district, id)
);
CREATE INDEX clock_runs_by_id ON clock_runs (id);
