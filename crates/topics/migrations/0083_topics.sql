-- 每月一题 — many cases of one kind taken together. A topic of the whole city has an empty `place` and is kept under the default district of the deployment. `matters` holds ids of classes with commas.
CREATE TABLE topics (
    district   TEXT   NOT NULL,
    id         BYTEA  NOT NULL,
    version    BIGINT NOT NULL,
    title      TEXT   NOT NULL,
    question   TEXT   NOT NULL,
    matters    TEXT   NOT NULL,
    place      TEXT   NOT NULL,
    words      TEXT   NOT NULL,
    unit_id    BYTEA,
    month      TEXT,
    standing   TEXT   NOT NULL,
    started_on TEXT,
    ended_on   TEXT,
    result     TEXT   NOT NULL,
    made_at    BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (district, id)
);
CREATE INDEX topics_by_id ON topics (id);
CREATE INDEX topics_by_standing ON topics (standing, updated_at, id);

-- The cases of a topic: by hand, by query, from a hot topic. Nothing of a case changes by being here.
CREATE TABLE topic_cases (
    district      TEXT   NOT NULL,
    topic_id      BYTEA  NOT NULL,
    case_district TEXT   NOT NULL,
    case_id       BYTEA  NOT NULL,
    how           TEXT   NOT NULL,
    added_at      BIGINT NOT NULL,
    PRIMARY KEY (district, topic_id, case_district, case_id),
    FOREIGN KEY (district, topic_id) REFERENCES topics (district, id)
);

-- Measures of a topic: what is done, by which unit, until when.
CREATE TABLE topic_measures (
    district   TEXT   NOT NULL,
    topic_id   BYTEA  NOT NULL,
    seq        BIGINT NOT NULL,
    words      TEXT   NOT NULL,
    unit_id    BYTEA,
    due_on     TEXT,
    standing   TEXT   NOT NULL,
    done_on    TEXT,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (district, topic_id, seq),
    FOREIGN KEY (district, topic_id) REFERENCES topics (district, id)
);

-- What happened to a topic, each a fact of its own. Rows are never changed.
CREATE TABLE topic_marks (
    district   TEXT   NOT NULL,
    topic_id   BYTEA  NOT NULL,
    seq        BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    account_id BYTEA,
    mark       TEXT   NOT NULL,
    note       TEXT   NOT NULL,
    PRIMARY KEY (district, topic_id, seq),
    FOREIGN KEY (district, topic_id) REFERENCES topics (district, id)
);
