-- What every capability stands on. One text for both engines; store/src/dialect.rs says what is rewritten.
CREATE TABLE settings (
    name       TEXT   NOT NULL PRIMARY KEY,
    value      TEXT   NOT NULL,
    updated_at BIGINT NOT NULL
);

-- 审计 — who did, or was refused, what to which object, when and for which purpose. Rows never change.
CREATE TABLE audit (
    district    TEXT   NOT NULL,
    id          BYTEA  NOT NULL,
    at          BIGINT NOT NULL,
    actor_kind  TEXT   NOT NULL,
    actor_id    BYTEA,
    action      TEXT   NOT NULL,
    outcome     TEXT   NOT NULL,
    object_kind TEXT   NOT NULL,
    object_id   TEXT   NOT NULL,
    purpose     TEXT,
    detail      TEXT   NOT NULL,
    request     BYTEA  NOT NULL,
    PRIMARY KEY (district, id)
) /* partitioned by id */;
CREATE INDEX audit_by_object ON audit (object_kind, object_id, id);
CREATE INDEX audit_by_actor ON audit (actor_id, id);

-- What changed, for read models and notices. Read below the oldest running writer (dialect::outbox_horizon).
CREATE TABLE outbox (
    seq       /* serial */,
    writer    /* writer id */,
    district  TEXT   NOT NULL,
    topic     TEXT   NOT NULL,
    object_id BYTEA  NOT NULL,
    at        BIGINT NOT NULL,
    body      TEXT   NOT NULL,
    PRIMARY KEY (seq)
);
