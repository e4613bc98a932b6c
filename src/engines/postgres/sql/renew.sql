-- renewals: what is named of a lease lives on; open tasks that are not named are split off with
-- the old expiry. The leases are locked. Answers what is not simply held: 1 cancel requested, 2
-- lost. `$1` the leases, `$2` the new expiry; then what is held.
WITH named AS MATERIALIZED (
  SELECT * FROM unnest($3::uuid[], $4::bigint[], $5::integer[]) WITH ORDINALITY
    AS i (lease_id, task_id, attempt, no)
), open AS MATERIALIZED (
  SELECT r.*, n.no FROM esteira.task_running r
  LEFT JOIN named n ON n.lease_id = r.lease_id AND n.task_id = r.task_id AND n.attempt = r.attempt
  WHERE r.lease_id = ANY ($1)
), parts AS MATERIALIZED (
  SELECT lease_id, part, count(DISTINCT task_id) AS open_tasks,
         count(DISTINCT task_id) FILTER (WHERE no IS NOT NULL) AS held
  FROM open GROUP BY lease_id, part
), renewed AS (
  UPDATE esteira.task_leases l SET expires_at = $2 FROM parts p
  WHERE l.lease_id = p.lease_id AND l.part = p.part AND p.held > 0 AND p.held = p.open_tasks
), split AS (
  -- Each part's open tasks, named or not, as arrays.
  SELECT o.lease_id, o.part, o.no IS NOT NULL AS held, count(*) AS open_tasks,
         array_agg(o.task_id) AS task_ids, array_agg(o.attempt) AS attempts,
         array_agg(o.run_at) AS run_ats, array_agg(o.retries) AS retries,
         array_agg(o.crashes) AS crashes
  FROM (SELECT DISTINCT ON (lease_id, part, task_id) * FROM open
        ORDER BY lease_id, part, task_id, no) o
  JOIN parts p ON p.lease_id = o.lease_id AND p.part = o.part
    AND p.held > 0 AND p.held < p.open_tasks
  GROUP BY 1, 2, 3
), kept AS (
  UPDATE esteira.task_leases l
  SET expires_at = $2, open_tasks = s.open_tasks, task_ids = s.task_ids, attempts = s.attempts,
      run_ats = s.run_ats, retries = s.retries, crashes = s.crashes
  FROM split s WHERE l.lease_id = s.lease_id AND l.part = s.part AND s.held
), omitted AS (
  INSERT INTO esteira.task_leases (lease_id, part, open_tasks, claimed_at, expires_at, keyed, kept,
                                   gated, worker, previous_worker, task_ids, attempts, run_ats, retries,
                                   crashes)
  SELECT l.lease_id,
         (SELECT max(m.part) FROM esteira.task_leases m WHERE m.lease_id = l.lease_id)
           + row_number() OVER (PARTITION BY l.lease_id ORDER BY l.part),
         s.open_tasks, l.claimed_at, l.expires_at, l.keyed, l.kept, l.gated, l.worker, l.previous_worker,
         s.task_ids, s.attempts, s.run_ats, s.retries, s.crashes
  FROM split s JOIN esteira.task_leases l ON l.lease_id = s.lease_id AND l.part = s.part
  WHERE NOT s.held
)
SELECT n.no, CASE WHEN o.task_id IS NULL THEN 2 ELSE 1 END
FROM named n
LEFT JOIN open o ON o.no = n.no
WHERE o.task_id IS NULL
   OR EXISTS (SELECT FROM esteira.task_cancels c
              WHERE c.task_id = o.task_id AND c.attempt = o.attempt)
