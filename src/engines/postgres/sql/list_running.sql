-- tasks: candidates for PROCESSING: what the leases list.
SELECT r.task_id
FROM (SELECT o.task_id FROM esteira.task_running o WHERE o.task_id < $1
      ORDER BY o.task_id DESC) o
CROSS JOIN LATERAL (SELECT * FROM esteira.task_requests r WHERE r.task_id = o.task_id OFFSET 0) r
WHERE r.task_id < $1
