-- drop_range: the keys that tasks of the range still hold, which are windows.
DELETE FROM esteira.task_unique
WHERE until IS NOT NULL AND task_id >= $1 AND task_id < $2
