-- tasks: candidates. The times are asked here too, before the task itself is read.
SELECT r.task_id FROM task_requests r
WHERE r.task_id < ?1
  AND (?4 IS NULL OR r.created_at_us >= ?4) AND (?5 IS NULL OR r.created_at_us < ?5)
ORDER BY r.task_id DESC
