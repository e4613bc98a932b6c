-- claim: takes the first tasks of each of these flows, so many of each; of one that a task holds up,
-- that task alone.
WITH picked AS MATERIALIZED (
  SELECT q.*, k.no
  FROM unnest($3::text[], $4::integer[], $5::boolean[]) WITH ORDINALITY
    AS k (flow_key, most, held, no)
  CROSS JOIN LATERAL (
    SELECT q.* FROM esteira.task_queued q
    WHERE q.type_id = $1 AND q.lane = $2 AND q.flow_key = k.flow_key COLLATE "C"
      AND (NOT k.held OR EXISTS (SELECT FROM esteira.task_slots s WHERE s.task_id = q.task_id))
    ORDER BY q.turn_at, q.task_id LIMIT k.most FOR UPDATE SKIP LOCKED
  ) q
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
