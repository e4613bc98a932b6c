-- tasks: candidates that run.
SELECT json_extract(t.value, '$[0]') AS task_id FROM task_leases l, json_each(l.tasks) t
WHERE json_extract(t.value, '$[0]') < ?1 ORDER BY 1 DESC
