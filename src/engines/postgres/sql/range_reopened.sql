-- drop_range: what changes with every retry by a person of a task in the range.
SELECT count(*) || ':' || coalesce(sum(extract(epoch FROM run_at) + after_attempt), 0)
FROM esteira.task_reopened WHERE task_id >= $1 AND task_id < $2
