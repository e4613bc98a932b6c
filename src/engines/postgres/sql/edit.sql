-- edit: writes what changes of a waiting task whose row this transaction has taken out of the queue,
-- and puts the row back. What is null stays, but for the time and the tags, which may become null.
WITH ordered AS (
  UPDATE esteira.task_requests
  SET payload = coalesce($2, payload), priority = coalesce($3, priority),
      scheduled_for = CASE WHEN $4 THEN $5 ELSE scheduled_for END,
      tags = CASE WHEN $6 THEN nullif($7, '{}') ELSE tags END,
      terms = CASE WHEN $16::text IS NULL THEN terms
                   ELSE jsonb_set(coalesce(terms, '{}'), '{flow_key}', to_jsonb($16::text)) END
  WHERE task_id = $1
  RETURNING terms ->> 'flow_key' AS flow_key
), untagged AS (
  DELETE FROM esteira.task_tags g USING esteira.task_requests r
  WHERE $6 AND r.task_id = $1 AND g.task_id = $1 AND g.tag = ANY (r.tags) AND g.tag <> ALL ($7)
), tagged AS (
  INSERT INTO esteira.task_tags (tag, task_id)
  SELECT DISTINCT t.tag, $1 FROM unnest($7) AS t (tag) WHERE $6 ON CONFLICT DO NOTHING
), noted AS (
  INSERT INTO esteira.task_edits AS e (task_id, after_attempt, edited_at, run_at)
  VALUES ($1, $8, $9, CASE WHEN $4 THEN $10 END)
  ON CONFLICT (task_id) DO UPDATE SET
    run_at = coalesce(excluded.run_at,
                      CASE WHEN e.after_attempt = excluded.after_attempt THEN e.run_at END),
    after_attempt = excluded.after_attempt, edited_at = excluded.edited_at
), ready AS (
  INSERT INTO esteira.task_ready (type_id, priority, run_at, task_id, attempt, retries, crashes,
                                  keyed)
  SELECT $11, $12, $10, $1, $8, $13, $14, $15 FROM ordered
  WHERE $10 <= $9 AND flow_key IS NULL AND NOT $17
), queued AS (
  INSERT INTO esteira.task_queued (task_id, type_id, lane, flow_key, turn_at, priority, run_at,
                                   attempt, retries, crashes, keyed)
  SELECT $1, $11, p.lane, o.flow_key, p.turn_at, $12, $10, $8, $13, $14, $15
  FROM ordered o JOIN esteira.task_types t ON t.type_id = $11
  CROSS JOIN LATERAL esteira.turn_of(t.flow, $12, $10) p
  WHERE $10 <= $9 AND o.flow_key IS NOT NULL AND NOT $17
), blocked AS (
  INSERT INTO esteira.task_blocked (type_id, priority, run_at, task_id, attempt, retries, crashes,
                                    keyed)
  SELECT $11, $12, $10, $1, $8, $13, $14, $15 WHERE $17::boolean
)
INSERT INTO esteira.task_scheduled (type_id, priority, run_at, task_id, attempt, retries, crashes,
                                    keyed, flow_key)
SELECT $11, $12, $10, $1, $8, $13, $14, $15, flow_key FROM ordered WHERE $10 > $9 AND NOT $17
