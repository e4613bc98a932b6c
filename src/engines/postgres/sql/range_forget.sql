-- drop_range: nothing is left of it.
DELETE FROM esteira.task_ranges WHERE low = $1
