-- tick: of the first due tasks, up to the place (?1, ?2), those without a flow become ready.
INSERT INTO task_ready (type_id, priority, run_at_us, task_id, retries, crashes, attempt, flags)
SELECT type_id, priority, run_at_us, task_id, retries, crashes, attempt, flags
FROM task_scheduled WHERE (run_at_us, task_id) <= (?1, ?2) AND NOT flags & 4
