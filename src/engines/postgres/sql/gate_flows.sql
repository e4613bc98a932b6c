-- claim: the flows of a lane from a key on ($4), or after it, and how each stands: what of it runs,
-- whether a begun task holds it up, whether that one waits here, and its bucket.
WITH RECURSIVE flow AS (
  (SELECT q.flow_key, 1 AS no FROM esteira.task_queued q
   WHERE q.type_id = $1 AND q.lane = $2 AND q.flow_key >= $3 AND ($4 OR q.flow_key > $3)
   ORDER BY q.flow_key LIMIT 1)
  UNION ALL
  SELECT n.flow_key, f.no + 1
  FROM flow f
  CROSS JOIN LATERAL (
    SELECT q.flow_key FROM esteira.task_queued q
    WHERE q.type_id = $1 AND q.lane = $2 AND q.flow_key > f.flow_key
    ORDER BY q.flow_key LIMIT 1
  ) n
  WHERE f.no < :limit
)
SELECT f.flow_key, s.running, s.held, s.holder_waits, b.rate, b.credit, b.at
FROM flow f
CROSS JOIN LATERAL (
  SELECT count(*) FILTER (WHERE s.running) AS running, count(*) > 0 AS held,
         coalesce(bool_or(NOT s.running AND EXISTS (
           SELECT FROM esteira.task_queued q WHERE q.task_id = s.task_id)), false) AS holder_waits
  FROM esteira.task_slots s WHERE s.type_id = $1 AND s.flow_key = f.flow_key
) s
LEFT JOIN esteira.task_flow_buckets b ON b.type_id = $1 AND b.flow_key = f.flow_key
ORDER BY f.no
