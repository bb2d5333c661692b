-- 事项目录 — a catalogue in one version. Another version is another catalogue; cases keep the one they were registered under.
CREATE TABLE catalogues (
    id         TEXT   NOT NULL PRIMARY KEY,
    standard   TEXT   NOT NULL,
    version    TEXT   NOT NULL,
    valid_from TEXT,
    valid_to   TEXT,
    source     TEXT   NOT NULL,
    reviewed   BIGINT NOT NULL
);

-- 类别 — classes. `code` is unique within the catalogue: C0101, E0113, or the source's own word for imported ones.
CREATE TABLE matter_classes (
    id             BYTEA  NOT NULL PRIMARY KEY,
    catalogue      TEXT   NOT NULL,
    code           TEXT   NOT NULL,
    kind           TEXT   NOT NULL,
    major          TEXT,
    minor          TEXT,
    major_name     TEXT,
    name_zh        TEXT   NOT NULL,
    name_en        TEXT,
    local          BIGINT NOT NULL,
    keywords       TEXT   NOT NULL,
    is_public      BIGINT NOT NULL,
    warnable       BIGINT NOT NULL,
    confidential   BIGINT NOT NULL,
    verify         BIGINT NOT NULL,
    default_nature TEXT,
    reviewed       BIGINT NOT NULL
);
CREATE UNIQUE INDEX matter_classes_by_code ON matter_classes (catalogue, code);

-- 立案条件 — registration conditions, each with its limit, clock and closing conditions.
CREATE TABLE matter_conditions (
    class       BYTEA  NOT NULL,
    rule_no     BIGINT NOT NULL,
    wording     TEXT   NOT NULL,
    time_limit  TEXT,
    limit_text  TEXT   NOT NULL,
    closing     TEXT   NOT NULL,
    evidence    TEXT,
    legal_basis TEXT,
    mandatory   BIGINT NOT NULL,
    PRIMARY KEY (class, rule_no)
);

-- 权责 — who answers for which matters where. An empty selector means any.
CREATE TABLE duties (
    id          BYTEA  NOT NULL PRIMARY KEY,
    catalogue   TEXT   NOT NULL,
    matter      TEXT   NOT NULL,
    division    TEXT,
    beat        TEXT   NOT NULL,
    valid_from  TEXT,
    valid_to    TEXT,
    competent   BYTEA,
    owning      BYTEA,
    maintaining BYTEA,
    handling    BYTEA  NOT NULL,
    legal_basis TEXT,
    source      TEXT   NOT NULL
);
CREATE INDEX duties_by_selector ON duties (catalogue, matter, division, beat);

-- 工作日历 — calendar versions; a deadline records the version it was computed with.
CREATE TABLE calendars (
    version    TEXT   NOT NULL PRIMARY KEY,
    body       TEXT   NOT NULL,
    loaded_at  BIGINT NOT NULL,
    position   BIGINT NOT NULL
);
