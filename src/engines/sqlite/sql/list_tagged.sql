-- tasks: candidates with a tag.
SELECT task_id FROM task_tags WHERE tag = ?2 AND task_id < ?1 ORDER BY task_id DESC
