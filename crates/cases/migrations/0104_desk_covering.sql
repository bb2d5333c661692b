-- A list of a state walks its newest and needs no row to tell whose district it is; without it SQLite took the index by
-- district for that and sorted all that was ever closed.
DROP INDEX cases_by_state;
CREATE INDEX cases_by_state ON cases (state, id, district);
-- The queues of the desk and their counts, answered from the index: without the columns that tell late from in time, SQLite
-- fetched every open row of the city to count them, bodies and all.
DROP INDEX cases_by_pressing;
CREATE INDEX cases_by_pressing ON cases (state, pressing, id, district, unit_id, matter_id, grid, division,
    handled_at, due_at, soon_at, stage_due_at, stage_soon_at, asked) WHERE pressing IS NOT NULL;
