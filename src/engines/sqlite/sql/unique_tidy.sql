-- maintain: windows that have ended.
DELETE FROM task_unique WHERE (type_id, unique_key) IN (
  SELECT type_id, unique_key FROM task_unique WHERE until_us < ?1 ORDER BY until_us LIMIT ?2)
