-- telling of ends: which batches count these tasks.
SELECT task_id, batch_no FROM esteira.task_batch_members WHERE task_id = ANY ($1)
