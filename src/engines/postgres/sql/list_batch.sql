-- tasks: of one batch.
SELECT r.task_id
FROM (SELECT m.task_id FROM esteira.task_batch_members m
      WHERE m.batch_no = (SELECT b.batch_no FROM esteira.task_batches b WHERE b.batch_id = $6)
        AND m.task_id < $1
      ORDER BY m.task_id DESC) m
CROSS JOIN LATERAL (SELECT * FROM esteira.task_requests r WHERE r.task_id = m.task_id OFFSET 0) r
WHERE r.task_id < $1
