-- When an act was done that is recorded later, such as one made without a network; null = when it was recorded.
ALTER TABLE case_events ADD COLUMN done_at BIGINT;
