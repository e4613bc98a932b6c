-- maintain: of the batches that ended long ago.
DELETE FROM task_batch_members WHERE task_id IN (
  SELECT m.task_id FROM task_batches b JOIN task_batch_members m ON m.batch_no = b.batch_no
  WHERE b.finished_at_us <= ?1 LIMIT ?2)
