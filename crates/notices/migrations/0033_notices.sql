-- 通知 — what somebody is told, once: `once` is the key that makes it so. To an account, to a requester in the vault, or to a
-- unit that has nobody. `places` is a JSON object of the words that its template asks for; never a person's data.
CREATE TABLE notices (
    district   TEXT   NOT NULL,
    id         BYTEA  NOT NULL,
    once       TEXT   NOT NULL,
    kind       TEXT   NOT NULL,
    account_id BYTEA,
    subject_id BYTEA,
    unit_id    BYTEA,
    path       TEXT   NOT NULL,
    places     TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    read_at    BIGINT,
    PRIMARY KEY (district, id)
);
CREATE UNIQUE INDEX notices_once ON notices (district, once);
CREATE INDEX notices_by_account ON notices (account_id, id) WHERE account_id IS NOT NULL;
CREATE INDEX notices_unread ON notices (account_id) WHERE account_id IS NOT NULL AND read_at IS NULL;
CREATE INDEX notices_by_age ON notices (at);

-- 投递 — the way of a notice by one channel: waiting, sent, failed (somebody should look), dropped (there is no such contact).
CREATE TABLE notice_deliveries (
    district  TEXT   NOT NULL,
    notice_id BYTEA  NOT NULL,
    channel   TEXT   NOT NULL,
    state     TEXT   NOT NULL,
    attempts  BIGINT NOT NULL,
    next_at   BIGINT NOT NULL,
    tried_at  BIGINT,
    sent_at   BIGINT,
    failure   TEXT   NOT NULL,
    PRIMARY KEY (district, notice_id, channel),
    FOREIGN KEY (district, notice_id) REFERENCES notices (district, id)
);
CREATE INDEX notice_deliveries_due ON notice_deliveries (next_at) WHERE state = 'waiting';
CREATE INDEX notice_deliveries_failed ON notice_deliveries (notice_id) WHERE state = 'failed';

-- 通知模板 — how a kind of notice is worded; the city may change it. `places` are the words it may ask for, separated by spaces.
CREATE TABLE notice_templates (
    kind       TEXT   NOT NULL,
    lang       TEXT   NOT NULL,
    title      TEXT   NOT NULL,
    body       TEXT   NOT NULL,
    places     TEXT   NOT NULL,
    version    BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (kind, lang)
);
INSERT INTO notice_templates (kind, lang, title, body, places, version, changed_at) VALUES
    ('test', 'zh-CN', '测试通知', '这是一条测试通知，说明此渠道可用。', '', 1, 0),
    ('test', 'en', 'Test notice', 'This is a test notice: this channel works.', '', 1, 0);

-- How a member of staff wants to be told besides in the program. The addresses themselves lie in the vault.
CREATE TABLE notice_addresses (
    account_id BYTEA  NOT NULL PRIMARY KEY,
    subject_id BYTEA  NOT NULL,
    lang       TEXT   NOT NULL,
    email      BIGINT NOT NULL,
    gateway    BIGINT NOT NULL,
    changed_at BIGINT NOT NULL
);
