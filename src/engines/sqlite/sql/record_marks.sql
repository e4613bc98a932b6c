-- prune, with an archive: the last edit, and a person's last retry.
SELECT e.after_attempt, e.edited_at_us, p.after_attempt, p.run_at_us
FROM (SELECT ?1 AS task_id) i
LEFT JOIN task_edits e ON e.task_id = i.task_id
LEFT JOIN task_reopened p ON p.task_id = i.task_id
