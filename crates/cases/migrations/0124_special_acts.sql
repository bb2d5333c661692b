-- 特殊操作 — acts that an auditor wants to see whole, found by the head of their fact (the word of the event, cut after eleven
-- characters), and acts recorded later than they were done. The auditor's list says the same expressions.
CREATE INDEX case_events_special ON case_events (substr(fact, 11, 11), at) WHERE substr(fact, 11, 11) IN ('void_reques', 'void_refuse', 'voided","re', 'merged","in', 'unmerged"}', 'unmerged","', 'extended","', 'suspended",', 'resumed","d', 'appeal_lodg', 'appeal_endo', 'appeal_gran', 'appeal_refu', 'exclusion_a', 'exclusion_g', 'exclusion_r', 'ruled","uni');
CREATE INDEX case_events_late ON case_events (at) WHERE done_at IS NOT NULL;
