-- retry: the task waits again, due now, with a fresh budget.
WITH given AS MATERIALIZED (
  SELECT * FROM unnest($1::bigint[], $2::integer[], $3::integer[], $4::integer[], $5::boolean[])
    AS i (task_id, attempt, type_id, priority, keyed)
), reopened AS (
  INSERT INTO esteira.task_reopened (task_id, after_attempt, run_at)
  SELECT task_id, attempt, $6 FROM given
  ON CONFLICT (task_id) DO UPDATE
    SET after_attempt = excluded.after_attempt, run_at = excluded.run_at
), placed AS MATERIALIZED (
  SELECT g.*, r.terms ->> 'flow_key' AS flow_key
  FROM given g CROSS JOIN LATERAL (SELECT * FROM esteira.task_requests r
                                   WHERE r.task_id = g.task_id OFFSET 0) r
), queued AS (
  INSERT INTO esteira.task_queued (task_id, type_id, lane, flow_key, turn_at, priority, run_at,
                                   attempt, retries, crashes, keyed)
  SELECT g.task_id, g.type_id, p.lane, g.flow_key, p.turn_at, g.priority, $6, g.attempt, 0, 0,
         g.keyed
  FROM placed g JOIN esteira.task_types t ON t.type_id = g.type_id
  CROSS JOIN LATERAL esteira.turn_of(t.flow, g.priority, $6) p
  WHERE g.flow_key IS NOT NULL
)
INSERT INTO esteira.task_ready (type_id, priority, run_at, task_id, attempt, retries, crashes,
                                keyed)
SELECT type_id, priority, $6, task_id, attempt, 0, 0, keyed FROM placed WHERE flow_key IS NULL
