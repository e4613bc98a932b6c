-- schedule_looks
SELECT name, look_at_us FROM task_schedules WHERE look_at_us IS NOT NULL
ORDER BY look_at_us, name LIMIT ?1
