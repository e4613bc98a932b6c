-- claim: the flow after a key, or at it where ?4, in one lane.
SELECT flow_key FROM task_queued
WHERE type_id = ?1 AND lane = ?2 AND flow_key >= ?3 AND (?4 OR flow_key > ?3)
ORDER BY flow_key LIMIT 1
