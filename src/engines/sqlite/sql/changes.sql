-- changes: after one number up to another, newest first.
SELECT task_ids FROM task_changes WHERE seq > ?1 AND seq <= ?2 ORDER BY seq DESC LIMIT ?3
