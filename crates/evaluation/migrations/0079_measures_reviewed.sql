-- Figures after review differ from the raw ones by these few cases only: they are asked for by themselves.
CREATE INDEX case_measures_reviewed ON case_measures (counts_until) WHERE exempt IS NOT NULL OR excluded IS NOT NULL;
-- The cases behind a figure of one unit, newest first.
CREATE INDEX case_measures_by_unit ON case_measures (unit_id, counts_until) WHERE unit_id IS NOT NULL;
