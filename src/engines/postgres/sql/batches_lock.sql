-- telling of ends: what others hold is passed over.
SELECT batch_no FROM esteira.task_batches WHERE batch_no = ANY ($1)
ORDER BY batch_no FOR UPDATE SKIP LOCKED
