-- remove_schedule
DELETE FROM task_schedules WHERE name = ?1
