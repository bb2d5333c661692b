-- 月度冻结 — the figures of a month as they were published: definitions and numbers byte for byte, never written again.
CREATE TABLE evaluation_snapshots (
    set_id    TEXT   NOT NULL,
    month     TEXT   NOT NULL,
    version   BIGINT NOT NULL,
    frozen_at BIGINT NOT NULL,
    frozen_by TEXT   NOT NULL,
    digest    TEXT   NOT NULL,
    body      TEXT   NOT NULL,
    PRIMARY KEY (set_id, month)
);
