-- tasks: candidates for PENDING: everything that waits.
SELECT r.task_id
FROM (SELECT w.task_id FROM esteira.task_ready w WHERE w.task_id < $1
      UNION ALL SELECT w.task_id FROM esteira.task_scheduled w WHERE w.task_id < $1
      UNION ALL SELECT w.task_id FROM esteira.task_queued w WHERE w.task_id < $1
      UNION ALL SELECT w.task_id FROM esteira.task_blocked w WHERE w.task_id < $1
      ORDER BY task_id DESC) w
CROSS JOIN LATERAL (SELECT * FROM esteira.task_requests r WHERE r.task_id = w.task_id OFFSET 0) r
WHERE r.task_id < $1
