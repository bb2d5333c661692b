-- 热点 — what many reports are about in other words, as of the last daily look. The district is where most of it lies.
CREATE TABLE hot_topics (
    district  TEXT   NOT NULL,
    id        BYTEA  NOT NULL,
    made_on   TEXT   NOT NULL,
    name      TEXT   NOT NULL,
    matter_id BYTEA,
    place     TEXT   NOT NULL,
    incidents BIGINT NOT NULL,
    voices    BIGINT NOT NULL,
    first_day TEXT   NOT NULL,
    last_day  TEXT   NOT NULL,
    body      TEXT   NOT NULL,
    PRIMARY KEY (district, id)
);
CREATE INDEX hot_topics_by_id ON hot_topics (id);

-- The cases of a hot topic.
CREATE TABLE hot_topic_cases (
    district      TEXT   NOT NULL,
    topic_id      BYTEA  NOT NULL,
    case_district TEXT   NOT NULL,
    case_id       BYTEA  NOT NULL,
    PRIMARY KEY (district, topic_id, case_district, case_id),
    FOREIGN KEY (district, topic_id) REFERENCES hot_topics (district, id)
);
