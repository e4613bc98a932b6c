-- cancel, remove, edit: takes waiting tasks out of the queue. A row's key follows from what is kept
-- of its task; rows are locked in order, after a claim that holds them has ended.
WITH place AS MATERIALIZED (
  SELECT r.task_id, r.type_id, r.priority, r.max_retries,
         CASE WHEN c.run_at IS NOT NULL THEN c.run_at
              WHEN e.attempt <= p.after_attempt THEN p.run_at
              ELSE coalesce(e.retry_at, r.scheduled_for, r.created_at) END AS run_at
  FROM unnest($1::bigint[]) AS i (task_id)
  CROSS JOIN LATERAL (SELECT * FROM esteira.task_requests r WHERE r.task_id = i.task_id OFFSET 0) r
  LEFT JOIN LATERAL (SELECT x.attempt, x.retry_at FROM esteira.task_executions x
                     WHERE x.task_id = r.task_id ORDER BY x.attempt DESC LIMIT 1) e ON true
  LEFT JOIN LATERAL (SELECT * FROM esteira.task_reopened o WHERE o.task_id = r.task_id
                     OFFSET 0) p ON true
  LEFT JOIN LATERAL (SELECT * FROM esteira.task_edits d WHERE d.task_id = r.task_id
                     AND d.after_attempt = coalesce(e.attempt, 0) OFFSET 0) c ON true
  ORDER BY r.task_id
), ready_locked AS MATERIALIZED (
  SELECT w.*, p.max_retries FROM place p CROSS JOIN LATERAL (
    SELECT * FROM esteira.task_ready w
    WHERE w.type_id = p.type_id AND w.priority = p.priority AND w.run_at = p.run_at
      AND w.task_id = p.task_id FOR UPDATE) w
), scheduled_locked AS MATERIALIZED (
  SELECT w.*, p.max_retries FROM place p CROSS JOIN LATERAL (
    SELECT * FROM esteira.task_scheduled w
    WHERE w.run_at = p.run_at AND w.task_id = p.task_id FOR UPDATE) w
), queued_locked AS MATERIALIZED (
  SELECT w.*, p.max_retries FROM place p CROSS JOIN LATERAL (
    SELECT * FROM esteira.task_queued w WHERE w.task_id = p.task_id FOR UPDATE) w
), blocked_locked AS MATERIALIZED (
  SELECT w.*, p.max_retries FROM place p CROSS JOIN LATERAL (
    SELECT * FROM esteira.task_blocked w WHERE w.task_id = p.task_id FOR UPDATE) w
), blocked_gone AS (
  DELETE FROM esteira.task_blocked w USING blocked_locked l WHERE w.task_id = l.task_id
), queued_gone AS (
  DELETE FROM esteira.task_queued w USING queued_locked l WHERE w.task_id = l.task_id
), ready_gone AS (
  DELETE FROM esteira.task_ready w USING ready_locked l
  WHERE w.type_id = l.type_id AND w.priority = l.priority AND w.run_at = l.run_at
    AND w.task_id = l.task_id
), scheduled_gone AS (
  DELETE FROM esteira.task_scheduled w USING scheduled_locked l
  WHERE w.run_at = l.run_at AND w.task_id = l.task_id
)
SELECT task_id, type_id, priority, run_at, attempt, retries, crashes, max_retries, keyed,
       false
FROM ready_locked
UNION ALL
SELECT task_id, type_id, priority, run_at, attempt, retries, crashes, max_retries, keyed,
       false
FROM scheduled_locked
UNION ALL
SELECT task_id, type_id, priority, run_at, attempt, retries, crashes, max_retries, keyed,
       false
FROM queued_locked
UNION ALL
SELECT task_id, type_id, priority, run_at, attempt, retries, crashes, max_retries, keyed,
       true
FROM blocked_locked
