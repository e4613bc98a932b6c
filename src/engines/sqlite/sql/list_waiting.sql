-- tasks: candidates that wait.
SELECT task_id FROM task_ready
WHERE task_id < ?1 AND (?3 IS NULL OR type_id = (SELECT type_id FROM task_types WHERE name = ?3))
UNION ALL
SELECT task_id FROM task_scheduled
WHERE task_id < ?1 AND (?3 IS NULL OR type_id = (SELECT type_id FROM task_types WHERE name = ?3))
UNION ALL
SELECT task_id FROM task_queued
WHERE task_id < ?1 AND (?3 IS NULL OR type_id = (SELECT type_id FROM task_types WHERE name = ?3))
UNION ALL
SELECT task_id FROM task_blocked
WHERE task_id < ?1 AND (?3 IS NULL OR type_id = (SELECT type_id FROM task_types WHERE name = ?3))
ORDER BY 1 DESC
