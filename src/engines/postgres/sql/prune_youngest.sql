-- prune: nothing created after this can be due, whatever its type and its end.
SELECT $1 - interval '1 microsecond' * min(least(
         coalesce($2, retention_completed_us), coalesce($3, retention_cancelled_us),
         coalesce($3, retention_failed_us)))
FROM esteira.task_types
