-- notes: the number that a running task holds of a counter, or the next one, under its fence. The
-- lease is locked; the counter's row is locked until the commit, so that numbers have no gaps.
WITH live AS MATERIALIZED (
  SELECT r.task_id FROM esteira.task_running r
  WHERE r.lease_id = $1 AND r.task_id = $2 AND r.attempt = $3
), held AS MATERIALIZED (
  SELECT n.number FROM esteira.task_numbers n JOIN live l ON l.task_id = n.task_id
  WHERE n.counter = $4
), drawn AS (
  INSERT INTO esteira.task_counters AS c (counter, value)
  SELECT $4, 1 FROM live WHERE NOT EXISTS (SELECT FROM held)
  ON CONFLICT (counter) DO UPDATE SET value = c.value + 1
  RETURNING value
), kept AS (
  INSERT INTO esteira.task_numbers (task_id, counter, number) SELECT $2, $4, value FROM drawn
)
SELECT number FROM held UNION ALL SELECT value FROM drawn
