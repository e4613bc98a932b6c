-- start_operation, work_operation: how many run.
SELECT count(*) FROM esteira.task_operations WHERE status = 'RUNNING'
