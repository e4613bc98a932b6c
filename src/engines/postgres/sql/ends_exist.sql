-- telling of ends.
SELECT EXISTS (SELECT FROM esteira.task_ends)
