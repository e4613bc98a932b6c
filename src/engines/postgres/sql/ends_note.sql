-- cancel, expire_waiting, retry, remove: of these tasks, those that others wait for or count.
INSERT INTO esteira.task_ends (task_id, status)
SELECT i.task_id, $2 FROM unnest($1::bigint[]) AS i (task_id)
WHERE (SELECT d.parent_id FROM esteira.task_dependencies d WHERE d.parent_id = i.task_id LIMIT 1)
        IS NOT NULL
   OR (SELECT m.task_id FROM esteira.task_batch_members m WHERE m.task_id = i.task_id) IS NOT NULL
