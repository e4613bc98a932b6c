-- task, tasks: one task, if it passes the filter.
SELECT d.task_id, d.type, d.status, d.priority, d.retries, d.max_retries, d.attempt, d.payload,
  d.result, d.error_message, d.scheduled_for_us, d.started_at_us, d.completed_at_us,
  d.created_at_us, d.updated_at_us, d.crashes, d.progress, d.tags, d.unique_key, d.worker,
  d.traceparent,
  (SELECT r.terms FROM task_requests r WHERE r.task_id = d.task_id)
FROM task_details d
WHERE d.task_id = ?1
  AND (?2 IS NULL OR d.status = ?2)
  AND (?3 IS NULL OR d.type = ?3)
  AND (?4 IS NULL OR EXISTS (SELECT 1 FROM task_tags t WHERE t.tag = ?4 AND t.task_id = ?1))
  AND (?5 IS NULL OR d.created_at_us >= ?5)
  AND (?6 IS NULL OR d.created_at_us < ?6)
