-- start_operation: which of these tasks have the status, without their payloads.
SELECT task_id FROM esteira.tasks WHERE task_id = ANY ($1) AND status = $2 ORDER BY task_id DESC
