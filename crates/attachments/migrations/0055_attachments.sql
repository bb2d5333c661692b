-- 待用附件 — uploads that no case has taken yet; after a day they are orphans and go.
CREATE TABLE uploads (
    id         BYTEA  NOT NULL PRIMARY KEY,
    sha256     BYTEA  NOT NULL,
    media_type TEXT   NOT NULL,
    bytes      BIGINT NOT NULL,
    width      BIGINT,
    height     BIGINT,
    made_at    BIGINT NOT NULL,
    by_kind    TEXT   NOT NULL,
    by_id      BYTEA
);

-- 附件 — pictures and documents of cases. `sha256` is that of the stored bytes and checked at every reading.
CREATE TABLE attachments (
    district    TEXT   NOT NULL,
    id          BYTEA  NOT NULL,
    case_id     BYTEA  NOT NULL,
    kind        TEXT   NOT NULL,
    position    BIGINT NOT NULL,
    sha256      BYTEA  NOT NULL,
    media_type  TEXT   NOT NULL,
    bytes       BIGINT NOT NULL,
    width       BIGINT,
    height      BIGINT,
    made_at     BIGINT NOT NULL,
    attached_at BIGINT NOT NULL,
    by_kind     TEXT   NOT NULL,
    by_id       BYTEA,
    PRIMARY KEY (district, id)
);
CREATE INDEX attachments_by_case ON attachments (district, case_id, attached_at, position);
CREATE INDEX attachments_by_id ON attachments (id);
