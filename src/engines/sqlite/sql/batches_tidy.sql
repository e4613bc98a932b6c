-- maintain: once none of their tasks is listed any more.
DELETE FROM task_batches WHERE batch_no IN (
  SELECT b.batch_no FROM task_batches b WHERE b.finished_at_us <= ?1
    AND NOT EXISTS (SELECT 1 FROM task_batch_members m WHERE m.batch_no = b.batch_no)
  LIMIT ?2)
