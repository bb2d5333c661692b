-- 系统对接 — another system: a unit's own, which gets its orders, or a subscriber to events. Its secret lies among the keys of
-- the vault, the key by which it calls us belongs to a technical account of the unit.
CREATE TABLE connectors (
    id          BYTEA  NOT NULL PRIMARY KEY,
    version     BIGINT NOT NULL,
    name        TEXT   NOT NULL,
    kind        TEXT   NOT NULL,
    unit_id     BYTEA,
    account_id  BYTEA,
    url         TEXT   NOT NULL,
    topics      TEXT   NOT NULL,
    ack_minutes BIGINT NOT NULL,
    timeout_s   BIGINT NOT NULL,
    enabled     BIGINT NOT NULL,
    created_at  BIGINT NOT NULL,
    changed_at  BIGINT NOT NULL
);
CREATE INDEX connectors_by_unit ON connectors (unit_id) WHERE unit_id IS NOT NULL;

-- 交接 — one event of a case on its way to another system: waiting, sent (not yet acknowledged), taken, failed, dropped.
-- `place` is that of its row in the outbox: what a system has pulled is told by it.
CREATE TABLE connector_handovers (
    district     TEXT   NOT NULL,
    connector_id BYTEA  NOT NULL,
    case_id      BYTEA  NOT NULL,
    event_seq    BIGINT NOT NULL,
    place        BIGINT NOT NULL,
    case_no      TEXT   NOT NULL,
    event        TEXT   NOT NULL,
    made_at      BIGINT NOT NULL,
    state        TEXT   NOT NULL,
    attempts     BIGINT NOT NULL,
    next_at      BIGINT NOT NULL,
    ack_due_at   BIGINT NOT NULL,
    sent_at      BIGINT,
    taken_at     BIGINT,
    failure      TEXT   NOT NULL,
    told         BIGINT NOT NULL,
    PRIMARY KEY (district, connector_id, case_id, event_seq)
);
CREATE INDEX connector_handovers_by_place ON connector_handovers (connector_id, place, event_seq);
CREATE INDEX connector_handovers_due ON connector_handovers (next_at) WHERE state = 'waiting';
CREATE INDEX connector_handovers_open ON connector_handovers (ack_due_at) WHERE state IN ('waiting', 'sent', 'failed');

INSERT INTO notice_templates (kind, lang, title, body, places, version, changed_at) VALUES
    ('connector.stuck', 'zh-CN', '工单交接受阻：{number}', '“{name}”未在规定时间内收取工单 {number}，请查看交接列表。', 'number name', 1, 0),
    ('connector.stuck', 'en', 'Hand-over stuck: {number}', '{name} has not taken order {number} in time. Please look at the list of hand-overs.', 'number name', 1, 0);
