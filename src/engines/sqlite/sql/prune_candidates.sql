-- prune: tasks by age. The view's columns that are not named here cost nothing.
SELECT s.task_id, s.created_at_us, s.status, s.completed_at_us, t.retention_completed_us,
  t.retention_failed_us, t.retention_cancelled_us
FROM task_states s JOIN task_types t ON t.type_id = s.type_id
WHERE s.task_id > ?1 ORDER BY s.task_id
