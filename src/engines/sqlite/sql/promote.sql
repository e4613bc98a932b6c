-- tick: of the first due tasks, those without a flow become ready.
INSERT INTO task_ready (type_id, priority, run_at_us, task_id, retries, crashes, attempt, flags)
SELECT type_id, priority, run_at_us, task_id, retries, crashes, attempt, flags
FROM (SELECT * FROM task_scheduled WHERE run_at_us <= ?1 ORDER BY run_at_us, task_id LIMIT ?2)
WHERE NOT flags & 4
