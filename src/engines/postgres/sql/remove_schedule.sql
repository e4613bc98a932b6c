-- remove_schedule
DELETE FROM esteira.task_schedules WHERE name = $1
