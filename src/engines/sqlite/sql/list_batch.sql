-- tasks: candidates of a batch.
SELECT m.task_id FROM task_batch_members m
WHERE m.batch_no = (SELECT batch_no FROM task_batches WHERE batch_id = ?6) AND m.task_id < ?1
ORDER BY m.task_id DESC
