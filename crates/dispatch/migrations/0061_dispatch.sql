-- 协办与拆分 — which unit owes or owed an answer to a part of which case. A projection of the cases, kept up by the outbox.
CREATE TABLE case_parts (
    district TEXT   NOT NULL,
    case_id  BYTEA  NOT NULL,
    part     BIGINT NOT NULL,
    unit     BYTEA  NOT NULL,
    kind     TEXT   NOT NULL,
    due_at   BIGINT NOT NULL,
    is_open  BIGINT NOT NULL,
    PRIMARY KEY (district, case_id, part)
);
CREATE INDEX case_parts_by_unit ON case_parts (unit, is_open, due_at);

-- 提及 — who was named in a note of which case. A projection of the notes, kept up by the outbox; `seen_at` is the reader's own.
CREATE TABLE mentions (
    district   TEXT   NOT NULL,
    case_id    BYTEA  NOT NULL,
    seq        BIGINT NOT NULL,
    account    BYTEA  NOT NULL,
    at         BIGINT NOT NULL,
    by_account BYTEA,
    seen_at    BIGINT,
    PRIMARY KEY (district, case_id, seq, account)
);
CREATE INDEX mentions_by_account ON mentions (account, at);

-- 吹哨 — a street calls departments, to a case or to a place.
CREATE TABLE whistles (
    district TEXT   NOT NULL,
    id       BYTEA  NOT NULL,
    case_id  BYTEA,
    seq      BIGINT,
    unit     BYTEA  NOT NULL,
    division TEXT,
    address  TEXT   NOT NULL,
    ask      TEXT   NOT NULL,
    at       BIGINT NOT NULL,
    due_at   BIGINT NOT NULL,
    ended_at BIGINT,
    PRIMARY KEY (district, id)
);
CREATE UNIQUE INDEX whistles_by_event ON whistles (district, case_id, seq) WHERE case_id IS NOT NULL;
CREATE INDEX whistles_by_unit ON whistles (unit, at);
CREATE INDEX whistles_by_time ON whistles (at);

-- 报到 — each unit that was called: what it answered, and how each side judged the other afterwards. Units only, never people.
CREATE TABLE whistle_calls (
    district      TEXT   NOT NULL,
    whistle       BYTEA  NOT NULL,
    unit          BYTEA  NOT NULL,
    due_at        BIGINT NOT NULL,
    standing      TEXT   NOT NULL,
    responded_at  BIGINT,
    arrived_at    BIGINT,
    words         TEXT   NOT NULL,
    of_unit       TEXT,
    of_unit_why   TEXT   NOT NULL,
    of_whistle    TEXT,
    of_whistle_why TEXT  NOT NULL,
    PRIMARY KEY (district, whistle, unit)
);
CREATE INDEX whistle_calls_by_unit ON whistle_calls (unit, due_at);

-- 交接班 — what was open at a desk or a unit when a shift ended, what the next one must know, and that it took over.
CREATE TABLE handovers (
    id         BYTEA  NOT NULL PRIMARY KEY,
    desk       TEXT   NOT NULL,
    unit       BYTEA,
    given_at   BIGINT NOT NULL,
    given_by   BYTEA  NOT NULL,
    open_work  TEXT   NOT NULL,
    words      TEXT   NOT NULL,
    taken_at   BIGINT,
    taken_by   BYTEA,
    taken_words TEXT  NOT NULL
);
CREATE INDEX handovers_by_desk ON handovers (desk, unit, given_at);

-- 订阅 — which matters, where, an enterprise, an organisation or a residents' group wants to know of. Empty selectors mean any.
CREATE TABLE subscriptions (
    id        BYTEA  NOT NULL PRIMARY KEY,
    unit      BYTEA  NOT NULL,
    catalogue TEXT   NOT NULL,
    matter    TEXT   NOT NULL,
    division  TEXT,
    made_at   BIGINT NOT NULL
);
CREATE INDEX subscriptions_by_unit ON subscriptions (unit, made_at);

-- 认领 — claims and how they ended; written in the transaction of the claim.
CREATE TABLE claims (
    district TEXT   NOT NULL,
    case_id  BYTEA  NOT NULL,
    at       BIGINT NOT NULL,
    unit     BYTEA  NOT NULL,
    until_at BIGINT NOT NULL,
    shown_at BIGINT,
    ended_at BIGINT,
    outcome  TEXT   NOT NULL,
    PRIMARY KEY (district, case_id, at)
);
CREATE INDEX claims_open ON claims (until_at) WHERE ended_at IS NULL;
CREATE INDEX claims_by_unit ON claims (unit, at);

-- 机构调整 — what was ordered, for which day, and how far it has come.
CREATE TABLE reorganisations (
    id        BYTEA  NOT NULL PRIMARY KEY,
    day       TEXT   NOT NULL,
    why       TEXT   NOT NULL,
    body      TEXT   NOT NULL,
    made_at   BIGINT NOT NULL,
    done_at   BIGINT,
    cases     BIGINT NOT NULL
);
