-- drop_range, prune: the ranges whose ids are all given out, the oldest first, when their youngest
-- order was made (null: none is left), and how long a task is kept at most.
SELECT g.low, g.high,
       (SELECT r.created_at FROM esteira.task_requests r
        WHERE r.task_id >= g.low AND r.task_id < g.high ORDER BY r.task_id DESC LIMIT 1),
       (SELECT max(greatest(coalesce($1, t.retention_completed_us),
                            coalesce($2, t.retention_failed_us),
                            coalesce($2, t.retention_cancelled_us))) FROM esteira.task_types t)
FROM esteira.task_ranges g
WHERE NOT g.dropped AND g.high <= (SELECT last_value FROM esteira.task_ids)
  AND has_function_privilege('esteira.drop_range(bigint)', 'EXECUTE')
ORDER BY g.low
