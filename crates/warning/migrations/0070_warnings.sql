-- 预警探测器 — detectors: a method, how finely it looks, its numbers. `settings` is a JSON object; what it leaves out is as usual.
CREATE TABLE warning_detectors (
    code     TEXT   NOT NULL PRIMARY KEY,
    position BIGINT NOT NULL,
    method   TEXT   NOT NULL,
    level    TEXT   NOT NULL,
    enabled  BIGINT NOT NULL,
    version  BIGINT NOT NULL,
    settings TEXT   NOT NULL
);
INSERT INTO warning_detectors (code, position, method, level, enabled, version, settings) VALUES
    ('scan',   1, 'scan',       'grid',     1, 1, '{}'),
    ('surge',  2, 'ears-c2',    'street',   1, 1, '{}'),
    ('season', 3, 'farrington', 'district', 1, 1, '{}');

-- 预警 — findings. The district is that of the first place. `track` is where and what it is now, `curve` its days.
CREATE TABLE warnings (
    district        TEXT   NOT NULL,
    id              BYTEA  NOT NULL,
    version         BIGINT NOT NULL,
    matter_id       BYTEA  NOT NULL,
    level           TEXT   NOT NULL,
    began           TEXT   NOT NULL,
    first_seen      TEXT   NOT NULL,
    last_seen       TEXT   NOT NULL,
    recurrence_days DOUBLE PRECISION NOT NULL,
    standing        TEXT   NOT NULL,
    verdict         TEXT,
    track           TEXT   NOT NULL,
    curve           TEXT   NOT NULL,
    PRIMARY KEY (district, id)
);
CREATE INDEX warnings_by_id ON warnings (id);
CREATE INDEX warnings_by_last_seen ON warnings (last_seen, id);
CREATE INDEX warnings_by_standing ON warnings (standing, last_seen, id);

-- How a finding looked to a detector on a day. A day that is looked at again replaces its row.
CREATE TABLE warning_sights (
    district   TEXT   NOT NULL,
    warning_id BYTEA  NOT NULL,
    day        TEXT   NOT NULL,
    detector   TEXT   NOT NULL,
    sight      TEXT   NOT NULL,
    PRIMARY KEY (district, warning_id, day, detector),
    FOREIGN KEY (district, warning_id) REFERENCES warnings (district, id)
);

-- What people did about a finding, each a fact of its own: seen, dismissed, preventive work opened, a verdict. Rows are never changed.
CREATE TABLE warning_marks (
    district   TEXT   NOT NULL,
    warning_id BYTEA  NOT NULL,
    seq        BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    account_id BYTEA,
    mark       TEXT   NOT NULL,
    verdict    TEXT,
    reason     TEXT   NOT NULL,
    PRIMARY KEY (district, warning_id, seq),
    FOREIGN KEY (district, warning_id) REFERENCES warnings (district, id)
);

-- 预防性查看 — the beats that preventive work was opened for: chosen by the finding, or drawn by lot (seed) as control.
CREATE TABLE warning_beats (
    district   TEXT   NOT NULL,
    warning_id BYTEA  NOT NULL,
    beat       TEXT   NOT NULL,
    is_control BIGINT NOT NULL,
    seed       BIGINT NOT NULL,
    opened_at  BIGINT NOT NULL,
    case_no    TEXT   NOT NULL,
    PRIMARY KEY (district, warning_id, beat),
    FOREIGN KEY (district, warning_id) REFERENCES warnings (district, id)
);

-- Which days were looked at by which detector. The city's own district is 000000.
CREATE TABLE warning_runs (
    district  TEXT   NOT NULL,
    day       TEXT   NOT NULL,
    detector  TEXT   NOT NULL,
    at        BIGINT NOT NULL,
    seed      BIGINT NOT NULL,
    series    BIGINT NOT NULL,
    too_short BIGINT NOT NULL,
    signals   BIGINT NOT NULL,
    PRIMARY KEY (district, day, detector)
);

-- Back-tests: long work that is kept, with its progress.
CREATE TABLE warning_backtests (
    district    TEXT   NOT NULL,
    id          BYTEA  NOT NULL,
    from_day    TEXT   NOT NULL,
    to_day      TEXT   NOT NULL,
    seed        BIGINT NOT NULL,
    asked_at    BIGINT NOT NULL,
    moved_at    BIGINT NOT NULL,
    steps       BIGINT NOT NULL,
    steps_done  BIGINT NOT NULL,
    outcome     TEXT,
    failure     TEXT,
    PRIMARY KEY (district, id)
);

-- 预防工作 — the channel of work that warnings open. What comes by it is never a signal.
INSERT INTO channels (code, name_zh, name_en, verify, source, reviewed, position) VALUES
    ('preventive', '预防工作', 'Preventive work', 0, 'shiyu', 1, 12)
ON CONFLICT (code) DO NOTHING;
