-- 时限 — when the clocks of an open case turn yellow and red. What nobody waits for has none.
ALTER TABLE cases ADD COLUMN soon_at BIGINT;
ALTER TABLE cases ADD COLUMN stage_due_at BIGINT;
ALTER TABLE cases ADD COLUMN stage_soon_at BIGINT;
-- The moment that presses, the largest number for none; null when the case is over.
ALTER TABLE cases ADD COLUMN pressing BIGINT;
-- A request about the clock that waits for a decision.
ALTER TABLE cases ADD COLUMN asked TEXT;

UPDATE cases SET
    pressing = CASE WHEN state IN ('pending_verify', 'pending_check', 'suspended', 'waiting')
            THEN coalesce(CASE WHEN state IN ('pending_verify', 'pending_check') AND handled_at IS NULL AND due_at < task_due_at THEN due_at
                 ELSE task_due_at END, 9223372036854775807)
        WHEN handled_at IS NULL THEN coalesce(due_at, 9223372036854775807) ELSE 9223372036854775807 END,
    soon_at = CASE WHEN source IS NOT NULL AND dispatched_at IS NULL AND handled_at IS NULL
        THEN reported_at + (due_at - reported_at) / 5 * 4 END,
    asked = CASE WHEN body LIKE '%"extension":{%' AND body LIKE '%"endorsed":true%' THEN 'endorsed'
        WHEN body LIKE '%"extension":{%' THEN 'extension'
        WHEN body LIKE '%"suspension":{%' THEN 'suspension' END
    WHERE state IN ('pending_verify', 'pending_accept', 'pending_register', 'pending_dispatch', 'coordinating',
     'pending_sign', 'handling', 'suspended', 'waiting', 'pending_check', 'pending_close', 'self_handled_audit');

-- The queues of the desk, the most pressing first. Only what waits for somebody is in it: closed cases cost nothing here.
DROP INDEX cases_pressing;
CREATE INDEX cases_by_pressing ON cases (state, pressing, id) WHERE pressing IS NOT NULL;
-- What turned yellow or red between two moments: a walk along each of these.
CREATE INDEX cases_by_stage_due ON cases (stage_due_at) WHERE stage_due_at IS NOT NULL;
CREATE INDEX cases_by_stage_soon ON cases (stage_soon_at) WHERE stage_soon_at IS NOT NULL;
CREATE INDEX cases_by_due ON cases (due_at) WHERE pressing IS NOT NULL AND handled_at IS NULL;
CREATE INDEX cases_by_soon ON cases (soon_at) WHERE soon_at IS NOT NULL;
CREATE INDEX cases_by_asked ON cases (asked, pressing, id) WHERE asked IS NOT NULL;
