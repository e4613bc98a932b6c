-- remove, prune, edit: the tags that the request lists.
DELETE FROM task_tags WHERE task_id = ?1 AND tag IN (
  SELECT t.value FROM task_requests r, json_each(r.tags) t WHERE r.task_id = ?1)
