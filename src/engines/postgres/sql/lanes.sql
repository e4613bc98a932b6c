-- claim: the lanes of these types that hold tasks, each with its head: a loose scan of the index,
-- one step a lane.
WITH RECURSIVE lane AS (
  SELECT h.*
  FROM unnest($1::integer[]) AS i (type_id)
  JOIN esteira.task_types t ON t.type_id = i.type_id AND NOT t.paused AND NOT t.gated
  CROSS JOIN LATERAL (
    SELECT r.type_id, r.priority, r.run_at, r.task_id FROM esteira.task_ready r
    WHERE r.type_id = t.type_id
    ORDER BY r.priority DESC, r.run_at, r.task_id LIMIT 1
  ) h
  UNION ALL
  SELECT h.*
  FROM lane l
  CROSS JOIN LATERAL (
    SELECT r.type_id, r.priority, r.run_at, r.task_id FROM esteira.task_ready r
    WHERE r.type_id = l.type_id AND r.priority < l.priority
    ORDER BY r.priority DESC, r.run_at, r.task_id LIMIT 1
  ) h
)
SELECT type_id, priority, run_at, task_id FROM lane LIMIT 1000
