-- claim, has_ready: the lane below a priority, with its head.
SELECT priority, run_at_us FROM task_ready WHERE type_id = ?1 AND priority < ?2
ORDER BY priority DESC, run_at_us LIMIT 1
