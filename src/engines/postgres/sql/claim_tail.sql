  ) c
  LIMIT $12
), taken AS (
  DELETE FROM esteira.task_ready r USING picked p
  WHERE r.type_id = p.type_id AND r.priority = p.priority AND r.run_at = p.run_at
    AND r.task_id = p.task_id
), started AS (
  -- The keys that are held until their tasks start.
  DELETE FROM esteira.task_unique u
  USING (SELECT r.type_id, r.unique_key, r.task_id FROM picked p
         CROSS JOIN LATERAL (SELECT * FROM esteira.task_requests r
                             WHERE r.task_id = p.task_id OFFSET 0) r
         WHERE p.keyed) k
  WHERE u.type_id = k.type_id AND u.unique_key = k.unique_key AND u.task_id = k.task_id
    AND u.scope = 1
), lease AS (
  INSERT INTO esteira.task_leases (lease_id, part, open_tasks, claimed_at, expires_at, keyed, kept,
                                   worker, task_ids, attempts, run_ats, retries, crashes)
  SELECT $1, $2, count(*), $4, $5, bool_or(keyed), bool_or(attempt > 0), $3, array_agg(task_id),
         array_agg(attempt + 1), array_agg(run_at),
         CASE WHEN max(retries) > 0 THEN array_agg(retries) END,
         CASE WHEN max(crashes) > 0 THEN array_agg(crashes) END
  FROM picked HAVING count(*) > 0
), changed AS (
  -- The whole tick's: `$13` is what it changed before.
  INSERT INTO esteira.task_changes (at, task_ids)
  SELECT $4, CASE WHEN cardinality($13::bigint[]) + count(*) <= 100 THEN $13 || array_agg(task_id) END
  FROM picked HAVING cardinality($13) + count(*) > 0
)
SELECT p.task_id, p.attempt + 1, p.type_id, p.priority, p.retries, p.crashes, p.run_at, r.payload,
       r.max_retries, r.timeout_us, r.tags, r.unique_key, r.traceparent, r.scheduled_for,
       r.created_at,
       CASE WHEN p.attempt > 0 THEN (SELECT k.state FROM esteira.task_checkpoints k
                                     WHERE k.task_id = p.task_id) END,
       r.terms, p.step
FROM picked p
-- OFFSET 0 keeps this a look-up by key for each row, whatever the statistics say.
CROSS JOIN LATERAL (SELECT * FROM esteira.task_requests r WHERE r.task_id = p.task_id OFFSET 0) r
