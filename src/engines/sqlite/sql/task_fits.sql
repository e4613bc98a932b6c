-- start_operation: whether a candidate passes the filter. The payload is not touched.
SELECT 1 FROM task_states s
WHERE s.task_id = ?1
  AND (?2 IS NULL OR s.status = ?2)
  AND (?3 IS NULL OR s.type = ?3)
  AND (?4 IS NULL OR EXISTS (SELECT 1 FROM task_tags t WHERE t.tag = ?4 AND t.task_id = ?1))
  AND (?5 IS NULL OR s.created_at_us >= ?5)
  AND (?6 IS NULL OR s.created_at_us < ?6)
