-- claim: takes the first tasks of each of these flows, so many of each, until their costs have used up
-- what the flow, or all together ($7), may spend; of one that a task holds up, that task alone.
WITH first AS MATERIALIZED (
  SELECT q.*, k.no, k.tokens
  FROM unnest($3::text[], $4::integer[], $5::boolean[], $6::bigint[]) WITH ORDINALITY
    AS k (flow_key, most, held, tokens, no)
  CROSS JOIN LATERAL (
    SELECT q.* FROM esteira.task_queued q
    WHERE q.type_id = $1 AND q.lane = $2 AND q.flow_key = k.flow_key COLLATE "C"
      AND (NOT k.held OR EXISTS (SELECT FROM esteira.task_slots s WHERE s.task_id = q.task_id))
    ORDER BY q.turn_at, q.task_id LIMIT k.most FOR UPDATE SKIP LOCKED
  ) q
), picked AS MATERIALIZED (
  SELECT f.* FROM (
    SELECT f.*,
           coalesce(sum(c.cost) OVER (PARTITION BY f.no ORDER BY f.turn_at, f.task_id
                                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS own,
           coalesce(sum(c.cost) OVER (ORDER BY f.no, f.turn_at, f.task_id
                                      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING), 0) AS spent
    FROM first f
    CROSS JOIN LATERAL (
      SELECT coalesce((r.terms ->> 'rate_cost')::bigint, 1) AS cost
      FROM esteira.task_requests r WHERE r.task_id = f.task_id OFFSET 0) c
  ) f WHERE f.own < f.tokens AND f.spent < $7::bigint
), gone AS (
  DELETE FROM esteira.task_queued q USING picked p WHERE q.task_id = p.task_id
)
SELECT p.task_id, p.attempt + 1, p.type_id, p.priority, p.retries, p.crashes, p.run_at, r.payload,
       r.max_retries, r.timeout_us, r.tags, r.unique_key, r.traceparent, r.scheduled_for,
       r.created_at,
       CASE WHEN p.attempt > 0 THEN (SELECT k.state FROM esteira.task_checkpoints k
                                     WHERE k.task_id = p.task_id) END,
       r.terms, p.keyed
FROM picked p
CROSS JOIN LATERAL (SELECT * FROM esteira.task_requests r WHERE r.task_id = p.task_id OFFSET 0) r
ORDER BY p.no, p.turn_at, p.task_id
