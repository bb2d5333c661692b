-- The queues of the desk, the most pressing first. Only what waits for somebody is in it: closed cases cost nothing here.
CREATE INDEX cases_pressing ON cases (state,
    (CASE WHEN state IN ('pending_verify', 'pending_check', 'suspended', 'waiting') THEN coalesce(task_due_at, 9223372036854775807)
     WHEN handled_at IS NULL THEN coalesce(due_at, 9223372036854775807) ELSE 9223372036854775807 END), id)
    WHERE state IN ('pending_verify', 'pending_accept', 'pending_register', 'pending_dispatch', 'coordinating',
     'pending_sign', 'handling', 'suspended', 'waiting', 'pending_check', 'pending_close', 'self_handled_audit');
