-- schedule_runs
SELECT nominal_at_us, task_id FROM task_schedule_runs WHERE schedule = ?1
ORDER BY nominal_at_us DESC LIMIT ?2
