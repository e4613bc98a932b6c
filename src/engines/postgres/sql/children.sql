-- telling of ends: of these tasks, those that wait for others, and for how many still.
SELECT b.task_id,
       (SELECT count(*) FROM esteira.task_dependencies d WHERE d.child_id = b.task_id),
       (SELECT r.terms FROM esteira.task_requests r WHERE r.task_id = b.task_id)
FROM esteira.task_blocked b WHERE b.task_id = ANY ($1)
