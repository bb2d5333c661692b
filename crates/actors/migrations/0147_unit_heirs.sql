-- 机构调整 — which units took over the work of a unit that ended: its work is theirs now, so they do not judge it either.
CREATE TABLE unit_heirs (
    unit BYTEA NOT NULL,
    heir BYTEA NOT NULL,
    PRIMARY KEY (unit, heir)
);
