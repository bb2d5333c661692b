-- 查找 — under which words a case is found: pairs of Chinese characters, whole words of letters and digits, the day and the
-- sequence of its number. Made from the record by a reader of the outbox, left out of a backup, and made again by itself
-- after a restore. What stands here is what the case itself shows, masked; nothing of a person.
CREATE TABLE facts_search_texts (
    district TEXT  NOT NULL,
    case_id  BYTEA NOT NULL,
    text     TEXT  NOT NULL,
    PRIMARY KEY (district, case_id)
) /* clustered */;
CREATE TABLE facts_search_words (
    district TEXT  NOT NULL,
    word     TEXT  NOT NULL,
    case_id  BYTEA NOT NULL,
    PRIMARY KEY (district, word, case_id)
) /* clustered */;
-- How far the cases of before have been looked at, the newest first, and which districts have any.
CREATE TABLE facts_search_state (
    name          TEXT   NOT NULL PRIMARY KEY,
    way           BIGINT NOT NULL,
    districts     TEXT   NOT NULL,
    upto_id       BYTEA,
    upto_district TEXT,
    cases_seen    BIGINT NOT NULL,
    cases_total   BIGINT NOT NULL,
    begun_at      BIGINT NOT NULL,
    looked_at     BIGINT NOT NULL,
    finished_at   BIGINT
);
