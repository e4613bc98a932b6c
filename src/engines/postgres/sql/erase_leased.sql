-- remove, prune: takes tasks that have ended off the leases that held them, which would take them
-- for open once their executions are gone.
UPDATE esteira.task_leases l
SET (task_ids, attempts, run_ats, retries, crashes) = (
  SELECT array_agg(h.task_id), array_agg(h.attempt), array_agg(h.run_at), array_agg(h.retries),
         array_agg(h.crashes)
  FROM unnest(l.task_ids, l.attempts, l.run_ats, l.retries, l.crashes)
    AS h (task_id, attempt, run_at, retries, crashes)
  WHERE h.task_id <> ALL ($1))
WHERE l.task_ids && $1
