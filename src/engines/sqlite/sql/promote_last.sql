-- tick: the place of the last of the first ?2 due tasks, where there are so many.
SELECT run_at_us, task_id FROM task_scheduled WHERE run_at_us <= ?1
ORDER BY run_at_us, task_id LIMIT 1 OFFSET ?2 - 1
