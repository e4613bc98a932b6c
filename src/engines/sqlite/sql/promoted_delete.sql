-- tick: the same rows.
DELETE FROM task_scheduled WHERE (run_at_us, task_id) <= (?1, ?2)
