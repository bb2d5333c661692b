-- Whether it was noted which units took over from those that the order ended; also for orders of before that was noted.
ALTER TABLE reorganisations ADD COLUMN heirs_noted BIGINT NOT NULL DEFAULT 0;
