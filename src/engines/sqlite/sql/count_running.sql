-- stats: what leases list and has not ended.
SELECT r.type_id, count(*)
FROM task_leases l, json_each(l.tasks) t
CROSS JOIN task_requests r ON r.task_id = json_extract(t.value, '$[0]')
WHERE NOT EXISTS (
  SELECT 1 FROM task_attempts e
  WHERE e.execution_id = (json_extract(t.value, '$[0]') << 16) + json_extract(t.value, '$[1]'))
GROUP BY r.type_id
