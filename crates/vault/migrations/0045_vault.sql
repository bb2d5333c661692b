-- 个人信息保险库 — a person as far as one matter needs to know them. Destroying `key_wrapped` erases the person: what was
-- sealed under it, here and in every copy made before, cannot be opened any more.
CREATE TABLE vault_subjects (
    district     TEXT   NOT NULL,
    id           BYTEA  NOT NULL,
    key_wrapped  BYTEA,
    key_version  BIGINT NOT NULL,
    confidential BIGINT NOT NULL,
    created_at   BIGINT NOT NULL,
    erased_at    BIGINT,
    PRIMARY KEY (district, id)
);
CREATE INDEX vault_subjects_by_key ON vault_subjects (key_version, district, id) WHERE erased_at IS NULL;

-- 处理目的 — why a person's data is kept or looked at, and on which legal basis.
CREATE TABLE vault_purposes (
    code     TEXT   NOT NULL PRIMARY KEY,
    name_zh  TEXT   NOT NULL,
    name_en  TEXT   NOT NULL,
    basis    TEXT   NOT NULL,
    position BIGINT NOT NULL
);
INSERT INTO vault_purposes (code, name_zh, name_en, basis, position) VALUES
    ('handling',  '办理诉求',       'Handling the request',            '个人信息保护法第十三条第一款第（三）项、第三十四条：履行法定职责所必需', 1),
    ('call_back', '回访',           'Calling back about the outcome',  '个人信息保护法第十三条第一款第（三）项、第三十四条：履行法定职责所必需', 2),
    ('emergency', '紧急情况下保护生命健康和财产安全', 'Protecting life, health and property in an emergency', '个人信息保护法第十三条第一款第（四）项：紧急情况', 3),
    ('duty',      '依法履行其他职责', 'Another duty laid down by law',   '个人信息保护法第十三条第一款第（三）项、第三十四条：须写明所依据的条款', 4),
    ('own',       '本人行使权利',   'The person''s own request',       '个人信息保护法第四十四条至第四十七条：知情、查阅、复制、更正、删除', 5);

-- One sealed field of a person, with what it was collected for. `retention_until` none = as long as the matter is kept.
CREATE TABLE vault_fields (
    district        TEXT   NOT NULL,
    subject_id      BYTEA  NOT NULL,
    field           TEXT   NOT NULL,
    purpose         TEXT   NOT NULL,
    basis           TEXT   NOT NULL,
    sealed          BYTEA  NOT NULL,
    retention_until BIGINT,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (district, subject_id, field),
    FOREIGN KEY (district, subject_id) REFERENCES vault_subjects (district, id),
    FOREIGN KEY (purpose) REFERENCES vault_purposes (code)
);
CREATE INDEX vault_fields_by_retention ON vault_fields (retention_until) WHERE retention_until IS NOT NULL;

-- 盲索引 — finds a person by a whole phone number or name without storing either.
CREATE TABLE vault_index (
    district   TEXT  NOT NULL,
    index_hash BYTEA NOT NULL,
    subject_id BYTEA NOT NULL,
    field      TEXT  NOT NULL,
    PRIMARY KEY (district, index_hash, subject_id, field)
);
CREATE INDEX vault_index_by_hash ON vault_index (index_hash, subject_id);
CREATE INDEX vault_index_by_subject ON vault_index (district, subject_id);

-- The keys of the vault itself, wrapped like a person's: the key of the blind index.
CREATE TABLE vault_keys (
    name        TEXT   NOT NULL PRIMARY KEY,
    key_wrapped BYTEA  NOT NULL,
    key_version BIGINT NOT NULL,
    created_at  BIGINT NOT NULL
);

-- 查阅记录 — every look at a person's data and every refused one. The person may read them; rows are never changed.
CREATE TABLE vault_looks (
    district   TEXT   NOT NULL,
    id         BYTEA  NOT NULL,
    subject_id BYTEA  NOT NULL,
    at         BIGINT NOT NULL,
    actor_kind TEXT   NOT NULL,
    actor_id   BYTEA,
    role       TEXT   NOT NULL,
    purpose    TEXT   NOT NULL,
    outcome    TEXT   NOT NULL,
    fields     TEXT   NOT NULL,
    PRIMARY KEY (district, id)
) /* partitioned by id */;
CREATE INDEX vault_looks_by_subject ON vault_looks (district, subject_id, id);

-- 删除清单 — who was erased and when, so that a restored backup forgets them again.
CREATE TABLE vault_erasures (
    district   TEXT   NOT NULL,
    subject_id BYTEA  NOT NULL,
    at         BIGINT NOT NULL,
    cause      TEXT   NOT NULL,
    PRIMARY KEY (district, subject_id)
);
CREATE INDEX vault_erasures_by_time ON vault_erasures (at, district, subject_id);

-- 举报人身份开启 — showing who made a confidential report takes two people and a reason.
CREATE TABLE vault_unmaskings (
    district    TEXT   NOT NULL,
    id          BYTEA  NOT NULL,
    subject_id  BYTEA  NOT NULL,
    asked_by    BYTEA  NOT NULL,
    asked_at    BIGINT NOT NULL,
    reason      TEXT   NOT NULL,
    decided_by  BYTEA,
    decided_at  BIGINT,
    granted     BIGINT,
    valid_until BIGINT,
    PRIMARY KEY (district, id)
);
CREATE INDEX vault_unmaskings_by_subject ON vault_unmaskings (district, subject_id, id);
