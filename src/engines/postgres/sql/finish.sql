-- finish: one execution row for each settlement whose attempt is open under its lease; then where
-- its task goes. The leases are locked. Answers the settlements that were not applied: 1 is
-- already applied, 2 stale, 3 cancel requested; and as 0, how many ends others are to be told of.
-- `$1` the leases, `$2` now, `$3` whether any waits again, `$4` how many, `$5` the shard.
-- `buckets` packs what the statistics need: bits 0-3 the execution's status, 4-7 the task's (0:
-- none), 8-15 the bucket of its run, 16-23 that of its wait.
WITH given AS MATERIALIZED (
  SELECT i.no, i.task_id, coalesce(i.lease_id, $8) AS lease_id, coalesce(i.attempt, $10) AS attempt,
         coalesce(i.type_id, $12) AS type_id, coalesce(i.status, $14) AS status,
         coalesce(i.ends_task, $16) AS ends_task, coalesce(i.yields, $18) AS yields,
         coalesce(i.retries, $20) AS retries, coalesce(i.crashes, $22) AS crashes,
         coalesce(i.run_at, $24) AS run_at, coalesce(i.started_at, $26) AS started_at,
         coalesce(i.completed_at, $28) AS completed_at, coalesce(i.buckets, $30) AS buckets,
         i.retry_at, i.error_message, i.result, i.metadata
  FROM unnest($6::bigint[], $7::uuid[], $9::integer[], $11::integer[], $13::text[], $15::boolean[],
              $17::boolean[], $19::integer[], $21::integer[], $23::timestamptz[],
              $25::timestamptz[], $27::timestamptz[], $29::integer[], $31::timestamptz[],
              $32::text[], $33::jsonb[], $34::jsonb[]) WITH ORDINALITY
    AS i (task_id, lease_id, attempt, type_id, status, ends_task, yields, retries, crashes, run_at,
          started_at, completed_at, buckets, retry_at, error_message, result, metadata, no)
), leases AS MATERIALIZED (
  SELECT l.lease_id, l.part, l.open_tasks, l.keyed, l.kept, l.gated, l.worker, l.previous_worker,
         l.task_ids, l.attempts,
         count(*) OVER (PARTITION BY l.lease_id) = 1 AS alone,
         l.open_tasks = cardinality(l.task_ids) AS whole
  FROM esteira.task_leases l WHERE l.lease_id = ANY ($1)
), listed AS MATERIALIZED (
  -- What a task ran under before it was taken over is what people look for in its history.
  SELECT l.lease_id, h.task_id, h.attempt, l.whole,
         coalesce(l.previous_worker, l.worker) AS worker
  FROM leases l CROSS JOIN LATERAL unnest(l.task_ids, l.attempts) AS h (task_id, attempt)
), ended AS (
  INSERT INTO esteira.task_executions (task_id, started_at, completed_at, lease_id, attempt,
                                       retries, crashes, ends_task, status, worker, retry_at,
                                       error_message, result, metadata)
  SELECT g.task_id, g.started_at, g.completed_at, g.lease_id, g.attempt, g.retries, g.crashes,
         g.ends_task, g.status, l.worker, g.retry_at, g.error_message, g.result, g.metadata
  FROM given g
  JOIN listed l ON l.task_id = g.task_id AND l.attempt = g.attempt AND l.lease_id = g.lease_id
  -- Only who holds the lease's lock writes this row: a look is enough, at half the price of ON
  -- CONFLICT, and none is needed where nothing of the lease has ended yet. OFFSET 0 keeps it a
  -- look-up by key.
  LEFT JOIN LATERAL (SELECT x.attempt FROM esteira.task_executions x
                     WHERE NOT l.whole AND x.task_id = g.task_id AND x.attempt = g.attempt
                     OFFSET 0) e ON true
  WHERE e.attempt IS NULL AND NOT (g.yields AND EXISTS (SELECT FROM esteira.task_cancels c
                                  WHERE c.task_id = g.task_id AND c.attempt = g.attempt))
  RETURNING task_id, attempt, lease_id, ends_task, retries, crashes, retry_at
), counts AS MATERIALIZED (
  SELECT l.lease_id, l.part, count(*) AS ended
  FROM ended e JOIN leases l ON l.lease_id = e.lease_id AND (l.alone OR e.task_id = ANY (l.task_ids))
  GROUP BY l.lease_id, l.part
), closed AS (
  DELETE FROM esteira.task_leases l USING counts c
  WHERE l.lease_id = c.lease_id AND l.part = c.part AND l.open_tasks <= c.ended
), narrowed AS (
  UPDATE esteira.task_leases l SET open_tasks = l.open_tasks - c.ended FROM counts c
  WHERE l.lease_id = c.lease_id AND l.part = c.part AND l.open_tasks > c.ended
), again AS MATERIALIZED (
  SELECT r.type_id, r.priority, e.retry_at AS run_at, e.task_id, e.attempt, e.retries, e.crashes,
         r.unique_key IS NOT NULL AS keyed, r.terms ->> 'flow_key' AS flow_key
  FROM ended e
  CROSS JOIN LATERAL (SELECT * FROM esteira.task_requests r WHERE r.task_id = e.task_id OFFSET 0) r
  WHERE $3::boolean AND NOT e.ends_task
), ready AS (
  INSERT INTO esteira.task_ready (type_id, priority, run_at, task_id, attempt, retries, crashes,
                                  keyed)
  SELECT type_id, priority, run_at, task_id, attempt, retries, crashes, keyed
  FROM again WHERE $3 AND run_at <= $2 AND flow_key IS NULL
), queued AS (
  INSERT INTO esteira.task_queued (task_id, type_id, lane, flow_key, turn_at, priority, run_at,
                                   attempt, retries, crashes, keyed)
  SELECT a.task_id, a.type_id, p.lane, a.flow_key, p.turn_at, a.priority, a.run_at, a.attempt,
         a.retries, a.crashes, a.keyed
  FROM again a JOIN esteira.task_types t ON t.type_id = a.type_id
  CROSS JOIN LATERAL esteira.turn_of(t.flow, a.priority, a.run_at) p
  WHERE $3 AND a.run_at <= $2 AND a.flow_key IS NOT NULL
), scheduled AS (
  INSERT INTO esteira.task_scheduled (type_id, priority, run_at, task_id, attempt, retries,
                                      crashes, keyed, flow_key)
  SELECT type_id, priority, run_at, task_id, attempt, retries, crashes, keyed, flow_key
  FROM again WHERE $3 AND run_at > $2
), left_slots AS (
  DELETE FROM esteira.task_slots s USING ended e
  WHERE (SELECT bool_or(l.gated) FROM leases l) AND s.task_id = e.task_id
    AND (e.ends_task OR NOT s.kept)
), kept_slots AS (
  UPDATE esteira.task_slots s SET running = false FROM ended e
  WHERE (SELECT bool_or(l.gated) FROM leases l) AND s.task_id = e.task_id
    AND NOT e.ends_task AND s.kept
), released AS (
  DELETE FROM esteira.task_unique u
  USING (SELECT r.type_id, r.unique_key, r.task_id FROM ended e
         CROSS JOIN LATERAL (SELECT * FROM esteira.task_requests r
                             WHERE r.task_id = e.task_id OFFSET 0) r
         WHERE e.ends_task AND (SELECT bool_or(l.keyed) FROM leases l)
           AND r.unique_key IS NOT NULL) k
  WHERE u.type_id = k.type_id AND u.unique_key = k.unique_key AND u.task_id = k.task_id
    AND u.until IS NULL
), unmarked AS (
  DELETE FROM esteira.task_checkpoints k USING ended e
  WHERE (SELECT bool_or(l.kept) FROM leases l) AND e.ends_task AND k.task_id = e.task_id
), unshown AS (
  DELETE FROM esteira.task_progress p USING ended e
  WHERE (SELECT bool_or(l.kept) FROM leases l) AND p.task_id = e.task_id
    AND (e.ends_task OR p.attempt = e.attempt)
), uncancelled AS (
  DELETE FROM esteira.task_cancels c USING ended e
  WHERE (SELECT bool_or(l.kept) FROM leases l) AND c.task_id = e.task_id AND c.attempt = e.attempt
), noted AS (
  INSERT INTO esteira.task_ends (task_id, status)
  SELECT e.task_id, CASE g.status WHEN 'COMPLETED' THEN 2 WHEN 'CANCELLED' THEN 4 ELSE 3 END
  FROM ended e JOIN given g ON g.task_id = e.task_id AND g.attempt = e.attempt
  WHERE e.ends_task
    AND (SELECT EXISTS (SELECT FROM esteira.task_dependencies)
              OR EXISTS (SELECT FROM esteira.task_batch_members))
    AND ((SELECT d.parent_id FROM esteira.task_dependencies d WHERE d.parent_id = e.task_id LIMIT 1)
           IS NOT NULL
         OR (SELECT m.task_id FROM esteira.task_batch_members m WHERE m.task_id = e.task_id)
           IS NOT NULL)
  RETURNING task_id
), rejected AS MATERIALIZED (
  SELECT g.* FROM given g
  WHERE (SELECT count(*) FROM ended) < $4
    AND NOT EXISTS (SELECT FROM ended e WHERE e.task_id = g.task_id AND e.attempt = g.attempt
                                            AND e.lease_id = g.lease_id)
), counted AS (
  -- What the caller counted of all settlements, less what was not applied.
  INSERT INTO esteira.task_stats_minute AS s (measure, minute, type_id, bucket, shard, count,
                                              sum_us)
  SELECT c.measure, c.minute, c.type_id, c.bucket, $5, sum(c.count), sum(c.sum_us)
  FROM (
    SELECT * FROM unnest($35::text[], $36::timestamptz[], $37::integer[], $38::integer[],
                         $39::bigint[], $40::bigint[])
      AS a (measure, minute, type_id, bucket, count, sum_us)
    UNION ALL
    SELECT m.measure, date_trunc('minute', r.completed_at, 'UTC'), r.type_id, m.bucket, -1,
           -m.sum_us
    FROM rejected r
    CROSS JOIN LATERAL (VALUES
      ('execution', r.buckets & 15, 0),
      ('status', (r.buckets >> 4) & 15, 0),
      ('run', (r.buckets >> 8) & 255,
       (extract(epoch FROM r.completed_at - r.started_at) * 1000000)::bigint),
      ('wait', (r.buckets >> 16) & 255,
       (extract(epoch FROM r.started_at - r.run_at) * 1000000)::bigint)
    ) AS m (measure, bucket, sum_us)
    WHERE m.measure <> 'status' OR m.bucket > 0
  ) c
  GROUP BY c.measure, c.minute, c.type_id, c.bucket
  HAVING sum(c.count) <> 0
  ORDER BY c.measure, c.minute, c.type_id, c.bucket
  ON CONFLICT (measure, minute, type_id, bucket, shard)
    DO UPDATE SET count = s.count + excluded.count, sum_us = s.sum_us + excluded.sum_us
)
SELECT r.no,
       CASE WHEN EXISTS (SELECT FROM esteira.task_executions e
                         WHERE e.task_id = r.task_id AND e.attempt = r.attempt
                           AND e.lease_id = r.lease_id) THEN 1
            WHEN r.yields AND EXISTS (SELECT FROM listed l
                                      WHERE l.task_id = r.task_id AND l.attempt = r.attempt
                                        AND l.lease_id = r.lease_id)
                 AND NOT EXISTS (SELECT FROM esteira.task_executions e
                                 WHERE e.task_id = r.task_id AND e.attempt = r.attempt) THEN 3
            ELSE 2 END
FROM rejected r
UNION ALL
SELECT 0, count(*) FROM noted HAVING count(*) > 0
