-- tick: the same rows, by the same order.
DELETE FROM task_scheduled WHERE (run_at_us, task_id) IN (
  SELECT run_at_us, task_id FROM task_scheduled WHERE run_at_us <= ?1
  ORDER BY run_at_us, task_id LIMIT ?2)
