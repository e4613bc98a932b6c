-- prune, with an archive: as `log_lines`.
SELECT l.attempt, l.line, l.at, l.level, l.text, i.task_id
FROM unnest($1::bigint[]) AS i (task_id)
CROSS JOIN LATERAL (SELECT * FROM esteira.task_logs x WHERE x.task_id = i.task_id OFFSET 0) l
ORDER BY i.task_id, l.attempt, l.line
