-- finish, cancel, expire_waiting, retry, remove: where others wait for the task or count it.
INSERT INTO task_ends (task_id, status)
SELECT ?1, ?2
WHERE EXISTS (SELECT 1 FROM task_dependencies WHERE parent_id = ?1)
  OR EXISTS (SELECT 1 FROM task_batch_members WHERE task_id = ?1)
