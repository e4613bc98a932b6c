-- prune, in its transaction.
SELECT status, type_id FROM task_states
WHERE task_id = ?1 AND status IN ('COMPLETED', 'FAILED', 'CANCELLED')
