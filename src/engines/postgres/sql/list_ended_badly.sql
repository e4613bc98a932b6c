-- tasks: candidates for FAILED and CANCELLED, along the partial index.
SELECT r.task_id
FROM (SELECT DISTINCT e.task_id FROM esteira.task_executions e
      WHERE e.ends_task AND e.status <> 'COMPLETED' AND e.task_id < $1
      ORDER BY e.task_id DESC) e
CROSS JOIN LATERAL (SELECT * FROM esteira.task_requests r WHERE r.task_id = e.task_id OFFSET 0) r
WHERE r.task_id < $1
