-- cancel_batch, retry_batch: the tasks that are counted as $2.
SELECT task_id FROM esteira.task_batch_members WHERE batch_no = $1 AND counted = $2
ORDER BY task_id LIMIT :limit
