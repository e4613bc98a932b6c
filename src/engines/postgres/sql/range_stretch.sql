-- drop_range: judges a stretch of a range: by type and end (null: it lives, or is still kept) how many
-- tasks there are, what their places in the range add up to, and the last id.
WITH stretch AS MATERIALIZED (
  SELECT r.task_id, r.type_id FROM esteira.task_requests r
  WHERE r.task_id > $1 AND r.task_id < $2 ORDER BY r.task_id LIMIT :limit
)
SELECT s.type_id, j.status, count(*), sum(s.task_id - $6)::bigint, max(s.task_id)
FROM stretch s
JOIN esteira.task_types t ON t.type_id = s.type_id
LEFT JOIN LATERAL (
  SELECT CASE WHEN e.status IN ('COMPLETED', 'CANCELLED') THEN e.status ELSE 'FAILED' END AS status
  FROM (SELECT * FROM esteira.task_executions x WHERE x.task_id = s.task_id
        ORDER BY x.attempt DESC LIMIT 1) e
  WHERE e.ends_task
    AND e.completed_at <= $3 - interval '1 microsecond' *
      CASE e.status WHEN 'COMPLETED' THEN coalesce($4, t.retention_completed_us)
                    WHEN 'CANCELLED' THEN coalesce($5, t.retention_cancelled_us)
                    ELSE coalesce($5, t.retention_failed_us) END
    AND NOT EXISTS (SELECT FROM esteira.task_reopened p
                    WHERE p.task_id = s.task_id AND p.after_attempt >= e.attempt)
) j ON true
GROUP BY s.type_id, j.status
