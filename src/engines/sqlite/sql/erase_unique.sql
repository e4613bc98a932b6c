-- remove, prune: also a window's, so that no task that is gone is a holder.
DELETE FROM task_unique WHERE task_id = ?1
  AND (type_id, unique_key) = (SELECT type_id, unique_key FROM task_requests WHERE task_id = ?1)
