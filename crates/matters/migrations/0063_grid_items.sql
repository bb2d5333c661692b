-- 网格事项清单 — what grid workers may be asked to do: a published list in one version. An item names a kind of task, for which
-- classes, and by which paper it was admitted (准入). An empty class prefix means any.
CREATE TABLE grid_items (
    list        TEXT NOT NULL,
    code        TEXT NOT NULL,
    name        TEXT NOT NULL,
    task        TEXT NOT NULL,
    matter      TEXT NOT NULL,
    approved_by TEXT NOT NULL,
    approved_on TEXT NOT NULL,
    valid_from  TEXT,
    valid_to    TEXT,
    PRIMARY KEY (list, code)
);
