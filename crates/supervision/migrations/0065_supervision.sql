-- 升级阶梯 — what happens at which share of the limit or how long after it; data of the city, for all classes (`*`) or for one.
-- `at` is `80%`, `100%`, or `+1工作日` after the deadline; `tell` is a JSON list of handler, lead, dispatcher, shift_leader, leader.
CREATE TABLE supervision_rungs (
    matter     TEXT   NOT NULL,
    level      BIGINT NOT NULL,
    at         TEXT   NOT NULL,
    act        TEXT   NOT NULL,
    tell       TEXT   NOT NULL,
    name_zh    TEXT   NOT NULL,
    name_en    TEXT   NOT NULL,
    enabled    BIGINT NOT NULL,
    version    BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (matter, level)
);
-- As practised (domain.md 1.5: lights at 80 % and 100 %; 3.2: reminder the day after, notice of criticism after five working days).
INSERT INTO supervision_rungs (matter, level, at, act, tell, name_zh, name_en, enabled, version, changed_at) VALUES
    ('*', 1, '80%',      'warn',      '["handler", "lead"]',                 '时限将至催办', 'Reminder before the deadline', 1, 1, 0),
    ('*', 2, '100%',     'overdue',   '["lead", "dispatcher"]',              '超期催办单位负责人', 'Overdue: the head of the unit', 1, 1, 0),
    ('*', 3, '+1工作日', 'overdue',   '["lead", "shift_leader", "leader"]',  '超期一日报分管领导', 'A day overdue: the leader in charge', 1, 1, 0),
    ('*', 4, '+5工作日', 'criticism', '["lead", "shift_leader", "leader"]',  '超期五日通报批评', 'Five days overdue: notice of criticism', 1, 1, 0);

-- When each running clock next reaches a rung: a read model that is made again from the record, so that finding what is due
-- walks an index and not the clocks.
CREATE TABLE facts_supervision_clocks (
    district TEXT   NOT NULL,
    case_id  BYTEA  NOT NULL,
    fire_at  BIGINT NOT NULL,
    PRIMARY KEY (district, case_id)
);
CREATE INDEX facts_supervision_clocks_due ON facts_supervision_clocks (fire_at);

-- 催办 — what was said to whoever has a case: by a rung of the ladder (once per arming and level) or by a person (once per
-- step). `passed` rungs lay behind when the program first looked, and told nobody. Rows are never changed.
CREATE TABLE supervision_entries (
    district   TEXT   NOT NULL,
    case_id    BYTEA  NOT NULL,
    entry      TEXT   NOT NULL,
    at         BIGINT NOT NULL,
    kind       TEXT   NOT NULL,
    level      BIGINT,
    name_zh    TEXT   NOT NULL,
    name_en    TEXT   NOT NULL,
    account_id BYTEA,
    role       TEXT,
    words      TEXT   NOT NULL,
    PRIMARY KEY (district, case_id, entry)
);

-- 督办 — supervised handling: of a case, or of what an instruction (批示) says without one; its own clock, a report, a sign-off.
CREATE TABLE supervised (
    district    TEXT   NOT NULL,
    id          BYTEA  NOT NULL,
    version     BIGINT NOT NULL,
    case_id     BYTEA,
    case_no     TEXT,
    unit_id     BYTEA  NOT NULL,
    origin      TEXT   NOT NULL,
    instruction TEXT   NOT NULL,
    limit_text  TEXT   NOT NULL,
    opened_by   BYTEA,
    opened_role TEXT   NOT NULL,
    opened_at   BIGINT NOT NULL,
    due_at      BIGINT NOT NULL,
    provisional BIGINT NOT NULL,
    state       TEXT   NOT NULL,
    report      TEXT   NOT NULL,
    reported_at BIGINT,
    decided_at  BIGINT,
    told_late   BIGINT NOT NULL,
    PRIMARY KEY (district, id)
);
CREATE INDEX supervised_by_state ON supervised (state, due_at, id);
CREATE INDEX supervised_by_unit ON supervised (unit_id, state, due_at);
CREATE INDEX supervised_by_case ON supervised (district, case_id) WHERE case_id IS NOT NULL;

-- What people did about it, each a fact of its own: opened, reported, sent back, signed off, withdrawn. Rows are never changed.
CREATE TABLE supervised_marks (
    district      TEXT   NOT NULL,
    supervised_id BYTEA  NOT NULL,
    seq           BIGINT NOT NULL,
    at            BIGINT NOT NULL,
    account_id    BYTEA,
    role          TEXT   NOT NULL,
    mark          TEXT   NOT NULL,
    words         TEXT   NOT NULL,
    PRIMARY KEY (district, supervised_id, seq),
    FOREIGN KEY (district, supervised_id) REFERENCES supervised (district, id)
);
