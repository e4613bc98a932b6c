-- count_waiting: up to ?2 of each.
SELECT (SELECT count(*) FROM (SELECT 1 FROM task_ready WHERE type_id = ?1 LIMIT ?2))
  + (SELECT count(*) FROM (SELECT 1 FROM task_scheduled WHERE type_id = ?1 LIMIT ?2))
  + (SELECT count(*) FROM (SELECT 1 FROM task_queued WHERE type_id = ?1 LIMIT ?2))
  + (SELECT count(*) FROM (SELECT 1 FROM task_blocked WHERE type_id = ?1 LIMIT ?2))
