-- promotion: moves what is due from the scheduled to the ready; rows that another tick is moving
-- are passed over. Answers the lanes that they went to, with the first place in each.
WITH due AS MATERIALIZED (
  SELECT run_at, task_id FROM esteira.task_scheduled WHERE run_at <= $1
  ORDER BY run_at, task_id LIMIT :limit FOR UPDATE SKIP LOCKED
), moved AS (
  DELETE FROM esteira.task_scheduled s USING due d
  WHERE s.run_at = d.run_at AND s.task_id = d.task_id
  RETURNING s.type_id, s.priority, s.run_at, s.task_id, s.attempt, s.retries, s.crashes, s.keyed
), put AS (
  INSERT INTO esteira.task_ready (type_id, priority, run_at, task_id, attempt, retries, crashes,
                                  keyed)
  SELECT type_id, priority, run_at, task_id, attempt, retries, crashes, keyed FROM moved
)
SELECT type_id, priority, min(run_at), count(*) FROM moved GROUP BY type_id, priority
