-- tasks: the newest orders below the cursor; what never changes of a filter is checked here.
SELECT r.task_id FROM esteira.task_requests r
WHERE r.task_id < $1
