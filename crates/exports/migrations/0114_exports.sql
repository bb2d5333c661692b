-- 导出 — files that people asked for by the pages: what was asked, how far it is, and the hash of what came of it. The file
-- lies beside the data, sealed under a key among those of the vault (`export/ID`), until `kept_to`. `run` is the request
-- under which it is being written, or was: its looks into the vault stand in the audit trail under it.
CREATE TABLE exports (
    id         BYTEA  NOT NULL PRIMARY KEY,
    account_id BYTEA  NOT NULL,
    orderer    TEXT   NOT NULL,
    asked      TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    why        TEXT,
    asked_at   BIGINT NOT NULL,
    begun      BIGINT NOT NULL,
    run        BYTEA,
    leased_to  BIGINT,
    expected   BIGINT,
    written    BIGINT NOT NULL,
    bytes      BIGINT,
    sha256     TEXT,
    ended_at   BIGINT,
    kept_to    BIGINT
);
CREATE INDEX exports_by_account ON exports (account_id, asked_at);
CREATE INDEX exports_by_time ON exports (asked_at, id);
CREATE INDEX exports_open ON exports (asked_at) WHERE state IN ('waiting', 'running');
CREATE INDEX exports_kept ON exports (kept_to) WHERE kept_to IS NOT NULL;

INSERT INTO notice_templates (kind, lang, title, body, places, version, changed_at) VALUES
    ('export.done', 'zh-CN', '导出已完成', '您于 {asked} 申请的导出已完成，共 {rows} 行，可下载至 {until}，逾期自动删除。', 'asked rows until', 1, 0),
    ('export.done', 'en', 'Export finished', 'The export you asked for at {asked} is finished: {rows} rows. The file can be downloaded until {until}, then it is deleted.', 'asked rows until', 1, 0),
    ('export.failed', 'zh-CN', '导出未完成', '您于 {asked} 申请的导出未能完成，原因见导出页面，可在该页面重新开始。', 'asked', 1, 0),
    ('export.failed', 'en', 'Export not finished', 'The export you asked for at {asked} could not be finished. Its page says why; it can be begun again there.', 'asked', 1, 0);
