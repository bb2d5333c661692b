-- 机器建议 — how suggestion is set. One row of the city.
CREATE TABLE suggestion_settings (
    district TEXT   NOT NULL PRIMARY KEY,
    version  BIGINT NOT NULL,
    enabled  BIGINT NOT NULL,
    nightly  BIGINT NOT NULL,
    target   DOUBLE PRECISION NOT NULL
);
INSERT INTO suggestion_settings (district, version, enabled, nightly, target) VALUES ('000000', 1, 1, 1, 0.9);

-- Models, each with what it was worth on messages it had not seen. `body` is emptied when no outcome can ask for it any more.
CREATE TABLE suggestion_models (
    district      TEXT   NOT NULL,
    number        BIGINT NOT NULL,
    kind          TEXT   NOT NULL,
    made_at       BIGINT NOT NULL,
    seed          BIGINT NOT NULL,
    messages      BIGINT NOT NULL,
    first_at      BIGINT NOT NULL,
    last_at       BIGINT NOT NULL,
    classes       BIGINT NOT NULL,
    features      BIGINT NOT NULL,
    threshold     DOUBLE PRECISION NOT NULL,
    held_back     BIGINT NOT NULL,
    accuracy      DOUBLE PRECISION,
    macro_f1      DOUBLE PRECISION,
    coverage      DOUBLE PRECISION,
    answered_right DOUBLE PRECISION,
    standing      TEXT   NOT NULL,
    from_at       BIGINT,
    to_at         BIGINT,
    body          BYTEA,
    PRIMARY KEY (district, number)
);
CREATE INDEX suggestion_models_by_kind ON suggestion_models (kind, number);

-- What people decided where something was suggested, or where the machine was silent. Model 0 = keywords of the catalogue.
CREATE TABLE suggestion_outcomes (
    district   TEXT   NOT NULL,
    case_id    BYTEA  NOT NULL,
    kind       TEXT   NOT NULL,
    model      BIGINT NOT NULL,
    at         BIGINT NOT NULL,
    suggested  BYTEA,
    confidence DOUBLE PRECISION,
    decided    BYTEA  NOT NULL,
    outcome    TEXT   NOT NULL,
    PRIMARY KEY (district, case_id, kind)
);
CREATE INDEX suggestion_outcomes_by_model ON suggestion_outcomes (model, kind, outcome);
