-- task_states: what of one task changes.
SELECT d.task_id, d.type, d.status, d.attempt, d.priority, d.retries, d.worker, d.progress,
  d.scheduled_for_us, d.updated_at_us
FROM task_details d
WHERE d.task_id = ?1
