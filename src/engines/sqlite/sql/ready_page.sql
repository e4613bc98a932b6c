-- claim: the first tasks of one lane after (?3, ?4). CROSS JOIN keeps the order of the loops.
SELECT r.max_retries, r.scheduled_for_us, r.created_at_us, r.timeout_us, r.unique_key,
  r.traceparent, r.tags, r.payload, r.terms,
  w.run_at_us, w.task_id, w.retries, w.crashes, w.attempt, w.flags
FROM task_ready w CROSS JOIN task_requests r ON r.task_id = w.task_id
WHERE w.type_id = ?1 AND w.priority = ?2 AND (w.run_at_us, w.task_id) > (?3, ?4)
  AND w.run_at_us <= ?5
ORDER BY w.run_at_us, w.task_id LIMIT ?6
