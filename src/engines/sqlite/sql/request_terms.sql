-- open_claims: what settling needs of a running task's order. The payload's pages are not touched.
SELECT type_id, priority, max_retries, timeout_us, scheduled_for_us, created_at_us, terms
FROM task_requests WHERE task_id = ?1
