-- prune, with an archive: as `executions`, of tasks that have ended.
SELECT e.execution_id, e.attempt, e.status, e.started_at, e.completed_at, e.error_message,
       e.metadata, i.task_id
FROM unnest($1::bigint[]) AS i (task_id)
CROSS JOIN LATERAL (SELECT * FROM esteira.task_executions x WHERE x.task_id = i.task_id OFFSET 0) e
ORDER BY i.task_id, e.attempt
