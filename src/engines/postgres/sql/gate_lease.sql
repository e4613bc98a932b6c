-- claim: what was taken through gates, under the claim's lease and with its slots.
WITH given AS MATERIALIZED (
  SELECT * FROM unnest($6::bigint[], $7::integer[], $8::timestamptz[], $9::integer[],
                       $10::integer[], $11::integer[], $12::boolean[], $13::boolean[], $14::text[])
    AS i (task_id, attempt, run_at, retries, crashes, type_id, keyed, kept, flow_key)
), started AS (
  -- The keys that are held until their tasks start.
  DELETE FROM esteira.task_unique u
  USING (SELECT r.type_id, r.unique_key, r.task_id FROM given g
         CROSS JOIN LATERAL (SELECT * FROM esteira.task_requests r
                             WHERE r.task_id = g.task_id OFFSET 0) r
         WHERE g.keyed) k
  WHERE u.type_id = k.type_id AND u.unique_key = k.unique_key AND u.task_id = k.task_id
    AND u.scope = 1
), lease AS (
  INSERT INTO esteira.task_leases (lease_id, part, open_tasks, claimed_at, expires_at, keyed, kept,
                                   gated, worker, task_ids, attempts, run_ats, retries, crashes)
  SELECT $1, $2, count(*), $4, $5, bool_or(keyed), bool_or(attempt > 1), true, $3,
         array_agg(task_id), array_agg(attempt), array_agg(run_at), array_agg(retries),
         array_agg(crashes)
  FROM given
), slots AS (
  INSERT INTO esteira.task_slots (task_id, type_id, running, kept, flow_key)
  SELECT task_id, type_id, true, kept, flow_key FROM given
  ON CONFLICT (task_id) DO UPDATE SET running = true, kept = excluded.kept
)
INSERT INTO esteira.task_changes (at, task_ids)
SELECT $4, CASE WHEN count(*) <= 100 THEN array_agg(task_id) END FROM given
