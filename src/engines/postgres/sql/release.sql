-- telling of ends: these wait for nobody any more. The wait of one whose time had come begins now,
-- so that nobody who came before is overtaken. Answers where they stand.
WITH freed AS MATERIALIZED (
  DELETE FROM esteira.task_blocked WHERE task_id = ANY ($1)
  RETURNING task_id, type_id, priority, greatest(run_at, $2) AS run_at, run_at < $2 AS moves,
            attempt, retries, crashes, keyed
), moved AS (
  INSERT INTO esteira.task_edits AS e (task_id, after_attempt, edited_at, run_at)
  SELECT task_id, attempt, $2, $2 FROM freed WHERE moves
  ON CONFLICT (task_id) DO UPDATE SET after_attempt = excluded.after_attempt,
    edited_at = excluded.edited_at, run_at = excluded.run_at
), placed AS MATERIALIZED (
  SELECT f.*, r.terms ->> 'flow_key' AS flow_key
  FROM freed f CROSS JOIN LATERAL (SELECT * FROM esteira.task_requests r
                                   WHERE r.task_id = f.task_id OFFSET 0) r
), ready AS (
  INSERT INTO esteira.task_ready (type_id, priority, run_at, task_id, attempt, retries, crashes,
                                  keyed)
  SELECT type_id, priority, run_at, task_id, attempt, retries, crashes, keyed
  FROM placed WHERE run_at <= $2 AND flow_key IS NULL
), queued AS (
  INSERT INTO esteira.task_queued (task_id, type_id, lane, flow_key, turn_at, priority, run_at,
                                   attempt, retries, crashes, keyed)
  SELECT f.task_id, f.type_id, p.lane, f.flow_key, p.turn_at, f.priority, f.run_at, f.attempt,
         f.retries, f.crashes, f.keyed
  FROM placed f JOIN esteira.task_types t ON t.type_id = f.type_id
  CROSS JOIN LATERAL esteira.turn_of(t.flow, f.priority, f.run_at) p
  WHERE f.run_at <= $2 AND f.flow_key IS NOT NULL
), scheduled AS (
  INSERT INTO esteira.task_scheduled (type_id, priority, run_at, task_id, attempt, retries,
                                      crashes, keyed, flow_key)
  SELECT type_id, priority, run_at, task_id, attempt, retries, crashes, keyed, flow_key
  FROM placed WHERE run_at > $2
)
SELECT type_id, priority, run_at FROM placed
