-- telling of ends: how these tasks, of batches that are locked, count from now on.
WITH told AS MATERIALIZED (
  SELECT m.task_id, m.batch_no, m.counted AS was, i.counted
  FROM unnest($1::bigint[], $2::integer[]) AS i (task_id, counted)
  JOIN esteira.task_batch_members m ON m.task_id = i.task_id
  WHERE m.counted <> i.counted
), members AS (
  UPDATE esteira.task_batch_members m SET counted = t.counted FROM told t
  WHERE m.task_id = t.task_id
)
UPDATE esteira.task_batches b
SET pending = b.pending + c.pending, completed = b.completed + c.completed,
    failed = b.failed + c.failed, cancelled = b.cancelled + c.cancelled
FROM (SELECT batch_no, sum((counted = 0)::int - (was = 0)::int) AS pending,
             sum((counted = 2)::int - (was = 2)::int) AS completed,
             sum((counted = 3)::int - (was = 3)::int) AS failed,
             sum((counted = 4)::int - (was = 4)::int) AS cancelled
      FROM told GROUP BY batch_no) c
WHERE b.batch_no = c.batch_no
