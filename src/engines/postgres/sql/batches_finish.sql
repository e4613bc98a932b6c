-- telling of ends, close_batch: of these batches, which are locked, those that are closed and have no
-- open task end as their tasks did, COMPLETED or FAILED; one that had ended may have an open one again.
WITH opened AS (
  UPDATE esteira.task_batches SET finished_at = NULL
  WHERE batch_no = ANY ($1) AND pending > 0 AND finished_at IS NOT NULL
), ended AS (
  UPDATE esteira.task_batches SET finished_at = $2
  WHERE batch_no = ANY ($1) AND pending = 0 AND closed_at IS NOT NULL AND finished_at IS NULL
  RETURNING batch_no, failed + cancelled > 0 AS badly
)
INSERT INTO esteira.task_ends (task_id, status)
SELECT -batch_no, CASE WHEN badly THEN 3 ELSE 2 END FROM ended
