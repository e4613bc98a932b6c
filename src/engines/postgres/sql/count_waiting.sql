-- count_waiting: up to so many of each.
SELECT (SELECT count(*) FROM (SELECT FROM esteira.task_ready WHERE type_id = $1 LIMIT :limit) r)
  + (SELECT count(*) FROM (SELECT FROM esteira.task_scheduled WHERE type_id = $1 LIMIT :limit) s)
  + (SELECT count(*) FROM (SELECT FROM esteira.task_queued WHERE type_id = $1 LIMIT :limit) q)
  + (SELECT count(*) FROM (SELECT FROM esteira.task_blocked WHERE type_id = $1 LIMIT :limit) b)
