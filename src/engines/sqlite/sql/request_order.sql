-- take_expired, claim again: the order of a running task.
SELECT max_retries, scheduled_for_us, created_at_us, timeout_us, unique_key, traceparent, tags,
  payload, terms, type_id, priority
FROM task_requests WHERE task_id = ?1
