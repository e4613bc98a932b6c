-- maintain: operations that ended a week ago.
DELETE FROM esteira.task_operations WHERE completed_at < $1 - interval '7 days'
