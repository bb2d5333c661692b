-- How far each reader of the outbox has come. What all of them have read may go.
CREATE TABLE outbox_readers (
    name TEXT   NOT NULL PRIMARY KEY,
    seq  BIGINT NOT NULL,
    at   BIGINT NOT NULL
);
