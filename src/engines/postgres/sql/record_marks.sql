-- prune, with an archive: the last edit, and a person's last retry.
SELECT e.after_attempt, e.edited_at, p.after_attempt, p.run_at, i.task_id
FROM unnest($1::bigint[]) AS i (task_id)
LEFT JOIN esteira.task_edits e ON e.task_id = i.task_id
LEFT JOIN esteira.task_reopened p ON p.task_id = i.task_id
WHERE e.task_id IS NOT NULL OR p.task_id IS NOT NULL
