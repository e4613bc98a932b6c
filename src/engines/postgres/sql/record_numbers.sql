-- prune, with an archive.
SELECT counter, number, task_id FROM esteira.task_numbers WHERE task_id = ANY ($1)
ORDER BY task_id, counter
