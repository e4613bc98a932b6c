-- start_operation: how many run.
SELECT count(*) FROM task_operations WHERE status = 'RUNNING'
