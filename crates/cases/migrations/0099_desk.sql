-- 案件台 — what an account set up for itself there: lists it comes back to, each under a name.
CREATE TABLE desk_filters (
    id         BYTEA  NOT NULL PRIMARY KEY,
    account_id BYTEA  NOT NULL,
    name       TEXT   NOT NULL,
    place      BIGINT NOT NULL,
    asked      TEXT   NOT NULL,
    made_at    BIGINT NOT NULL
);
CREATE UNIQUE INDEX desk_filters_by_name ON desk_filters (account_id, name);

-- 批量办理 — one act for several cases, which waits a short while so that it can be stopped. What it did is in the record of
-- each case; here is only what was asked, and why a case was left out.
CREATE TABLE bulk_acts (
    id          BYTEA  NOT NULL PRIMARY KEY,
    account_id  BYTEA  NOT NULL,
    orderer     TEXT   NOT NULL,
    step        TEXT   NOT NULL,
    state       TEXT   NOT NULL,
    asked_at    BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    leased_to   BIGINT,
    finished_at BIGINT,
    seen_at     BIGINT
);
CREATE INDEX bulk_acts_by_account ON bulk_acts (account_id, asked_at);
CREATE INDEX bulk_acts_by_due ON bulk_acts (due_at) WHERE finished_at IS NULL;
CREATE TABLE bulk_cases (
    district TEXT   NOT NULL,
    bulk_id  BYTEA  NOT NULL,
    number   TEXT   NOT NULL,
    version  BIGINT NOT NULL,
    place    BIGINT NOT NULL,
    outcome  TEXT   NOT NULL,
    reason   TEXT,
    PRIMARY KEY (district, bulk_id, number)
);
CREATE INDEX bulk_cases_by_act ON bulk_cases (bulk_id, place);
