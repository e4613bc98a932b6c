-- promotion: moves what is due from the scheduled to the ready; rows that another tick is moving
-- are passed over. Answers the lanes that they went to, with the first place in each.
WITH due AS MATERIALIZED (
  SELECT run_at, task_id FROM esteira.task_scheduled WHERE run_at <= $1
  ORDER BY run_at, task_id LIMIT :limit FOR UPDATE SKIP LOCKED
), moved AS (
  DELETE FROM esteira.task_scheduled s USING due d
  WHERE s.run_at = d.run_at AND s.task_id = d.task_id
  RETURNING s.type_id, s.priority, s.run_at, s.task_id, s.attempt, s.retries, s.crashes, s.keyed, s.flow_key
), put AS (
  INSERT INTO esteira.task_ready (type_id, priority, run_at, task_id, attempt, retries, crashes,
                                  keyed)
  SELECT type_id, priority, run_at, task_id, attempt, retries, crashes, keyed FROM moved
  WHERE flow_key IS NULL
), queued AS (
  INSERT INTO esteira.task_queued (task_id, type_id, lane, flow_key, turn_at, priority, run_at,
                                   attempt, retries, crashes, keyed)
  SELECT m.task_id, m.type_id, p.lane, m.flow_key, p.turn_at, m.priority, m.run_at, m.attempt,
         m.retries, m.crashes, m.keyed
  FROM moved m JOIN esteira.task_types t ON t.type_id = m.type_id
  CROSS JOIN LATERAL esteira.turn_of(t.flow, m.priority, m.run_at) p
  WHERE m.flow_key IS NOT NULL
)
SELECT type_id, priority, min(run_at), count(*) FROM moved GROUP BY type_id, priority
