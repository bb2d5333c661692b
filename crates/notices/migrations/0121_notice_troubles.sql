-- What failed stands in the list from its first try on, also while it is to be tried again.
CREATE INDEX notice_deliveries_troubled ON notice_deliveries (notice_id) WHERE failure <> '' AND state IN ('failed', 'waiting');
