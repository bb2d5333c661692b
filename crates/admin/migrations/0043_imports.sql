-- 导入 — files that a person brought in by the pages: what they would do, and what came of them. The file itself lies
-- beside the data until the import is over.
CREATE TABLE admin_imports (
    id         BYTEA  NOT NULL PRIMARY KEY,
    kind       TEXT   NOT NULL,
    file       TEXT   NOT NULL,
    state      TEXT   NOT NULL,
    options    TEXT   NOT NULL,
    found      TEXT   NOT NULL,
    made_at    BIGINT NOT NULL,
    made_by    BYTEA,
    updated_at BIGINT NOT NULL
);
CREATE INDEX admin_imports_by_time ON admin_imports (made_at, id);
