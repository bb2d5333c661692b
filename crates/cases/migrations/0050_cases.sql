-- 案件 — the row is a projection of its events; `body` is the whole projection, the columns are what lists ask for.
CREATE TABLE cases (
    district      TEXT   NOT NULL,
    id            BYTEA  NOT NULL,
    number        TEXT   NOT NULL,
    version       BIGINT NOT NULL,
    state         TEXT   NOT NULL,
    channel       TEXT   NOT NULL,
    matter_id     BYTEA,
    unit_id       BYTEA,
    handler_id    BYTEA,
    reporter_id   BYTEA,
    grid          TEXT,
    division      TEXT,
    lon           DOUBLE PRECISION,
    lat           DOUBLE PRECISION,
    source        TEXT,
    urgent        BIGINT NOT NULL,
    reported_at   BIGINT NOT NULL,
    accepted_at   BIGINT,
    registered_at BIGINT,
    dispatched_at BIGINT,
    due_at        BIGINT,
    provisional   BIGINT NOT NULL,
    handled_at    BIGINT,
    closed_at     BIGINT,
    reworked_at   BIGINT,
    extended_at   BIGINT,
    task_kind     TEXT,
    task_assignee BYTEA,
    task_due_at   BIGINT,
    updated_at    BIGINT NOT NULL,
    body          TEXT   NOT NULL,
    PRIMARY KEY (district, id)
) /* partitioned by id */;
CREATE INDEX cases_by_number ON cases (district, number);
CREATE INDEX cases_by_state ON cases (state, id);
CREATE INDEX cases_by_district ON cases (district, state, id);
CREATE INDEX cases_by_unit ON cases (unit_id, state, id) WHERE unit_id IS NOT NULL;
CREATE INDEX cases_by_task ON cases (task_kind, task_due_at) WHERE task_kind IS NOT NULL;

-- The life of each case. Rows are never changed.
CREATE TABLE case_events (
    district   TEXT   NOT NULL,
    case_id    BYTEA  NOT NULL,
    seq        BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    actor_kind TEXT   NOT NULL,
    actor_id   BYTEA,
    actor_role TEXT,
    actor_unit BYTEA,
    fact       TEXT   NOT NULL,
    PRIMARY KEY (district, case_id, seq),
    FOREIGN KEY (district, case_id) REFERENCES cases (district, id)
) /* partitioned by case_id */;

-- Case numbers are handed out in blocks, so that numbering never makes writers wait for each other.
CREATE TABLE number_blocks (
    district TEXT   NOT NULL,
    day      TEXT   NOT NULL,
    next     BIGINT NOT NULL,
    PRIMARY KEY (district, day)
);

-- What a requester needs to follow a case without an account: a code beside the number, and a private link. Hashes only.
CREATE TABLE case_access (
    district  TEXT   NOT NULL,
    case_id   BYTEA  NOT NULL,
    code_hash BYTEA  NOT NULL,
    link_hash BYTEA  NOT NULL,
    made_at   BIGINT NOT NULL,
    PRIMARY KEY (district, case_id)
);
CREATE INDEX case_access_by_link ON case_access (link_hash);

-- 来源渠道 — by which way reports come; local entries of imports are not reviewed.
CREATE TABLE channels (
    code     TEXT   NOT NULL PRIMARY KEY,
    name_zh  TEXT   NOT NULL,
    name_en  TEXT   NOT NULL,
    verify   BIGINT NOT NULL,
    source   TEXT   NOT NULL,
    reviewed BIGINT NOT NULL,
    position BIGINT NOT NULL
);
INSERT INTO channels (code, name_zh, name_en, verify, source, reviewed, position) VALUES
    ('patrol',     '网格巡查', 'Patrol',              0, 'shiyu', 1, 1),
    ('web',        '网上反映', 'Resident, web',       1, 'shiyu', 1, 2),
    ('hotline',    '12345 热线', 'Hotline 12345',     1, 'shiyu', 1, 3),
    ('visit',      '来访',     'Visit',               1, 'shiyu', 1, 4),
    ('media',      '媒体',     'Media',               1, 'shiyu', 1, 5),
    ('video',      '视频',     'Video',               0, 'shiyu', 1, 6),
    ('sensor',     '物联感知', 'Sensor',              0, 'shiyu', 1, 7),
    ('inspection', '督查',     'Inspection',          0, 'shiyu', 1, 8),
    ('leader',     '领导交办', 'Leader',              0, 'shiyu', 1, 9),
    ('open311',    'Open311',  'Open311',             1, 'shiyu', 1, 10),
    ('import',     '导入',     'Imported',            0, 'shiyu', 1, 11);

-- Which row of which source became which case, so that an import can be repeated.
CREATE TABLE import_keys (
    district      TEXT   NOT NULL,
    source        TEXT   NOT NULL,
    row_id        TEXT   NOT NULL,
    case_district TEXT   NOT NULL,
    case_id       BYTEA  NOT NULL,
    content       BYTEA  NOT NULL,
    PRIMARY KEY (district, source, row_id)
);

-- How far each import has come.
CREATE TABLE import_runs (
    district    TEXT   NOT NULL,
    id          BYTEA  NOT NULL,
    source      TEXT   NOT NULL,
    file_hash   TEXT   NOT NULL,
    started_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    finished_at BIGINT,
    rows_read   BIGINT NOT NULL,
    counts      TEXT   NOT NULL,
    PRIMARY KEY (district, id)
);
CREATE INDEX import_runs_by_file ON import_runs (file_hash, source);
