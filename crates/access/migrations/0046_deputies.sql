-- 代理 — who acts in whose place while a colleague is on leave. It begins and ends by its times; nothing has to be undone.
CREATE TABLE deputies (
    id       BYTEA  NOT NULL PRIMARY KEY,
    account  BYTEA  NOT NULL,
    deputy   BYTEA  NOT NULL,
    from_at  BIGINT NOT NULL,
    to_at    BIGINT NOT NULL,
    reason   TEXT   NOT NULL,
    made_by  BYTEA  NOT NULL,
    made_at  BIGINT NOT NULL,
    ended_at BIGINT
);
CREATE INDEX deputies_by_account ON deputies (account, to_at);
CREATE INDEX deputies_by_deputy ON deputies (deputy, to_at);
-- Which of them a session acts under at present; none = in its own place.
ALTER TABLE sessions ADD COLUMN acting_under BYTEA;
