-- What a review may have said something of is more than exemption and exclusion now, and a partial index is used only where a
-- statement asks in its words.
DROP INDEX case_measures_reviewed;
DROP INDEX case_measures_forgiven;
CREATE INDEX case_measures_reviewed ON case_measures (counts_until)
    WHERE exempt IS NOT NULL OR excluded IS NOT NULL OR forgiven IS NOT NULL OR late_before IS NOT NULL;
