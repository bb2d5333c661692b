-- 公开文本 — what a person has read and found fit to be public about a case. Without a row nothing of its words is shown;
-- an empty text says that it was read and stays in the house.
CREATE TABLE open311_texts (
    district    TEXT   NOT NULL,
    case_id     BYTEA  NOT NULL,
    text        TEXT   NOT NULL,
    reviewed_at BIGINT NOT NULL,
    PRIMARY KEY (district, case_id),
    FOREIGN KEY (district, case_id) REFERENCES cases (district, id)
);
