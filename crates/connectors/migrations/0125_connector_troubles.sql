-- 故障 — what people were told of a connector, once until it is over: that orders are late at it, that calls to it were given up.
-- `connector_handovers.told` is read no longer.
CREATE TABLE connector_troubles (
    connector_id BYTEA  NOT NULL,
    trouble      TEXT   NOT NULL,
    since        BIGINT NOT NULL,
    PRIMARY KEY (connector_id, trouble)
);
CREATE INDEX connector_handovers_by_due ON connector_handovers (connector_id, ack_due_at);

-- Where the city has not worded it anew.
UPDATE notice_templates SET title = '系统对接受阻：{name}', body = '“{name}”未在规定时间内收取工单 {number}。恢复正常前不再逐件通知；全部受阻工单见交接列表。', version = 2
    WHERE kind = 'connector.stuck' AND lang = 'zh-CN' AND version = 1;
UPDATE notice_templates SET title = 'Orders are stuck: {name}', body = '{name} has not taken order {number} in time. Nothing more is said of single orders until it is well again; the list of hand-overs has all that are stuck.', version = 2
    WHERE kind = 'connector.stuck' AND lang = 'en' AND version = 1;
INSERT INTO notice_templates (kind, lang, title, body, places, version, changed_at) VALUES
    ('connector.failed', 'zh-CN', '系统对接失败：{name}', '多次尝试后，工单 {number} 仍未送达“{name}”，已停止重发。恢复正常前不再逐件通知；全部受阻工单见交接列表。', 'number name', 1, 0),
    ('connector.failed', 'en', 'Orders cannot be delivered: {name}', '{name} did not take order {number} after several tries, and it is not sent again. Nothing more is said of single orders until it is well again; the list of hand-overs has all that are stuck.', 'number name', 1, 0),
    ('connector.well', 'zh-CN', '系统对接已恢复：{name}', '“{name}”已恢复正常收取工单。', 'name', 1, 0),
    ('connector.well', 'en', 'Well again: {name}', '{name} takes orders in time again.', 'name', 1, 0);
