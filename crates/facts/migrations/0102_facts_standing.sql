-- What is open, and what was closed, each as an index that answers without the rows.
CREATE INDEX facts_cases_open ON facts_cases (district, generation, place, matter, state, overdue_from, overdue_to, unit) WHERE ended_day IS NULL;
CREATE INDEX facts_cases_closed ON facts_cases (district, generation, closed_day, place, matter, on_time, unit) WHERE closed_day IS NOT NULL;
