-- 账号 — who may sign in. `roles` and `districts` are JSON lists of words and of six-digit codes.
CREATE TABLE accounts (
    id           BYTEA  NOT NULL PRIMARY KEY,
    login        TEXT   NOT NULL,
    name         TEXT   NOT NULL,
    password     TEXT   NOT NULL,
    roles        TEXT   NOT NULL,
    unit         BYTEA,
    districts    TEXT   NOT NULL,
    failed_tries BIGINT NOT NULL,
    locked_until BIGINT,
    disabled     BIGINT NOT NULL,
    must_change  BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    changed_at   BIGINT NOT NULL,
    version      BIGINT NOT NULL
);
CREATE UNIQUE INDEX accounts_by_login ON accounts (login);

-- 会话 — one signed-in browser. The token itself is only in its cookie; here is its SHA-256.
CREATE TABLE sessions (
    token      BYTEA  NOT NULL PRIMARY KEY,
    account    BYTEA  NOT NULL,
    csrf       BYTEA  NOT NULL,
    created_at BIGINT NOT NULL,
    seen_at    BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
);
CREATE INDEX sessions_by_account ON sessions (account);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- 接口令牌 — a program that acts for an account, with part of its permissions.
CREATE TABLE api_tokens (
    id         BYTEA  NOT NULL PRIMARY KEY,
    token      BYTEA  NOT NULL,
    account    BYTEA  NOT NULL,
    name       TEXT   NOT NULL,
    scopes     TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    revoked_at BIGINT
);
CREATE UNIQUE INDEX api_tokens_by_token ON api_tokens (token);
CREATE INDEX api_tokens_by_account ON api_tokens (account, id);

-- Answers to API posts that named an Idempotency-Key; kept for 24 hours. No status = still being answered.
CREATE TABLE idempotency (
    id          BYTEA  NOT NULL PRIMARY KEY,
    fingerprint BYTEA  NOT NULL,
    status      BIGINT,
    media_type  TEXT,
    body        BYTEA,
    created_at  BIGINT NOT NULL
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);
