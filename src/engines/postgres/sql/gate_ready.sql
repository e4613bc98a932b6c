-- claim: takes the first tasks of a gated type's lane that belong to no flow, until their costs have
-- used up $5.
WITH first AS MATERIALIZED (
  SELECT r.* FROM esteira.task_ready r
  WHERE r.type_id = $1 AND r.priority = $2 AND r.run_at <= $3
  ORDER BY r.priority DESC, r.run_at, r.task_id LIMIT :limit FOR UPDATE SKIP LOCKED
), picked AS MATERIALIZED (
  SELECT f.* FROM (
    SELECT f.*, coalesce(sum(coalesce((r.terms ->> 'rate_cost')::bigint, 1))
                         OVER (ORDER BY f.run_at, f.task_id
                               ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS spent
    FROM (SELECT * FROM first LIMIT $4) f
    CROSS JOIN LATERAL (SELECT * FROM esteira.task_requests r WHERE r.task_id = f.task_id OFFSET 0) r
  ) f WHERE f.spent < $5::bigint
), gone AS (
  DELETE FROM esteira.task_ready r USING picked p
  WHERE r.type_id = p.type_id AND r.priority = p.priority AND r.run_at = p.run_at
    AND r.task_id = p.task_id
)
SELECT p.task_id, p.attempt + 1, p.type_id, p.priority, p.retries, p.crashes, p.run_at, r.payload,
       r.max_retries, r.timeout_us, r.tags, r.unique_key, r.traceparent, r.scheduled_for,
       r.created_at,
       CASE WHEN p.attempt > 0 THEN (SELECT k.state FROM esteira.task_checkpoints k
                                     WHERE k.task_id = p.task_id) END,
       r.terms, p.keyed
FROM picked p
CROSS JOIN LATERAL (SELECT * FROM esteira.task_requests r WHERE r.task_id = p.task_id OFFSET 0) r
ORDER BY p.run_at, p.task_id
