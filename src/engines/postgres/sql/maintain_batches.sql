-- maintain: batches that ended long ago; first what lists their tasks.
WITH old AS MATERIALIZED (
  SELECT batch_no FROM esteira.task_batches WHERE finished_at <= $1 - interval '90 days'
  ORDER BY finished_at LIMIT 100
), listed AS (
  DELETE FROM esteira.task_batch_members WHERE task_id IN (
    SELECT m.task_id FROM old o JOIN esteira.task_batch_members m ON m.batch_no = o.batch_no
    LIMIT 10000)
)
DELETE FROM esteira.task_batches b USING old o
WHERE b.batch_no = o.batch_no
  AND NOT EXISTS (SELECT FROM esteira.task_batch_members m WHERE m.batch_no = b.batch_no)
