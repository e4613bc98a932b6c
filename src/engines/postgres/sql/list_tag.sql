-- tasks: with one tag, along its index.
SELECT r.task_id
FROM (SELECT g.task_id FROM esteira.task_tags g WHERE g.tag = $3 AND g.task_id < $1
      ORDER BY g.task_id DESC) g
CROSS JOIN LATERAL (SELECT * FROM esteira.task_requests r WHERE r.task_id = g.task_id OFFSET 0) r
WHERE r.task_id < $1
