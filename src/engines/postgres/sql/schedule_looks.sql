-- schedule_looks
SELECT name, look_at FROM esteira.task_schedules WHERE look_at IS NOT NULL
ORDER BY look_at, name LIMIT $1
