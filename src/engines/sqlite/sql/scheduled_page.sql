-- tick: the first due tasks, with what a claim needs of their orders.
SELECT r.max_retries, r.scheduled_for_us, r.created_at_us, r.timeout_us, r.unique_key,
  r.traceparent, r.tags, r.payload, r.terms,
  w.run_at_us, w.task_id, w.retries, w.crashes, w.attempt, w.flags, w.type_id, w.priority
FROM (SELECT * FROM task_scheduled WHERE run_at_us <= ?1 ORDER BY run_at_us, task_id LIMIT ?2) w
CROSS JOIN task_requests r ON r.task_id = w.task_id
ORDER BY w.run_at_us, w.task_id
