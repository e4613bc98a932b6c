-- finish, cancel: guarded by the task, so that nobody else's key goes. A window outlives its task.
DELETE FROM task_unique WHERE type_id = ?1 AND task_id = ?2
  AND unique_key = (SELECT unique_key FROM task_requests WHERE task_id = ?2) AND until_us IS NULL
