-- drop_range: as erase_leased, for all tasks of the range.
UPDATE esteira.task_leases l
SET (task_ids, attempts, run_ats, retries, crashes) = (
  SELECT array_agg(h.task_id), array_agg(h.attempt), array_agg(h.run_at), array_agg(h.retries),
         array_agg(h.crashes)
  FROM unnest(l.task_ids, l.attempts, l.run_ats, l.retries, l.crashes)
    AS h (task_id, attempt, run_at, retries, crashes)
  WHERE h.task_id < $1 OR h.task_id >= $2)
WHERE EXISTS (SELECT FROM unnest(l.task_ids) AS h (task_id)
              WHERE h.task_id >= $1 AND h.task_id < $2)
