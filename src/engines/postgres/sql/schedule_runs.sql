-- schedule_runs
SELECT nominal_at, task_id FROM esteira.task_schedule_runs WHERE schedule = $1
ORDER BY nominal_at DESC LIMIT $2
