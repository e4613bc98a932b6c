-- take_expired: leases that have ended get a new holder, the longest ended first; nothing where an
-- earlier call with this lease_id got through.
WITH expired AS MATERIALIZED (
  SELECT lease_id, part FROM esteira.task_leases
  WHERE expires_at < $4
    AND NOT EXISTS (SELECT FROM esteira.task_leases WHERE lease_id = $1)
  ORDER BY expires_at, lease_id, part LIMIT :limit FOR UPDATE SKIP LOCKED
), taken AS (
  UPDATE esteira.task_leases l
  SET lease_id = $1, part = e.new_part, worker = $2, expires_at = $3, previous_worker = l.worker
  FROM (SELECT lease_id, part, row_number() OVER () - 1 AS new_part FROM expired) e
  WHERE l.lease_id = e.lease_id AND l.part = e.part
  RETURNING l.task_ids
)
INSERT INTO esteira.task_changes (at, task_ids)
SELECT $4, CASE WHEN count(*) <= 100 THEN array_agg(h.task_id) END
FROM taken t CROSS JOIN LATERAL unnest(t.task_ids) AS h (task_id) HAVING count(*) > 0
