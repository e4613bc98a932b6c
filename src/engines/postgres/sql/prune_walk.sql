-- prune: one stretch of the orders, from the oldest on; by id, because an index on the end's time
-- would cost every finish. Answers how far it went, the oldest creation in it, and what is due.
WITH stretch AS MATERIALIZED (
  SELECT r.task_id, r.type_id, r.created_at FROM esteira.task_requests r
  WHERE r.task_id > $1 ORDER BY r.task_id LIMIT 5000
), due AS MATERIALIZED (
  SELECT s.task_id
  FROM stretch s
  JOIN esteira.task_types t ON t.type_id = s.type_id
  CROSS JOIN LATERAL (SELECT * FROM esteira.task_executions x WHERE x.task_id = s.task_id
                      ORDER BY x.attempt DESC LIMIT 1) e
  WHERE s.created_at <= $2 AND e.ends_task
    AND e.completed_at <= $3 - interval '1 microsecond' * (
      CASE e.status WHEN 'COMPLETED' THEN coalesce($4, t.retention_completed_us)
                    WHEN 'CANCELLED' THEN coalesce($5, t.retention_cancelled_us)
                    ELSE coalesce($5, t.retention_failed_us) END
      -- Below this id a range is about to be dropped whole.
      + CASE WHEN s.task_id < $6 THEN $7 ELSE 0 END)
    AND NOT EXISTS (SELECT FROM esteira.task_reopened p
                    WHERE p.task_id = s.task_id AND p.after_attempt >= e.attempt)
  ORDER BY s.task_id LIMIT :limit
)
SELECT (SELECT max(task_id) FROM stretch), (SELECT min(created_at) FROM stretch),
       (SELECT count(*) FROM stretch), (SELECT array_agg(task_id ORDER BY task_id) FROM due)
