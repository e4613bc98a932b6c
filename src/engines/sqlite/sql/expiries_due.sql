-- expire_waiting: what is to be looked at.
SELECT x.look_at_us, x.task_id, r.terms
FROM task_expiries x LEFT JOIN task_requests r ON r.task_id = x.task_id
WHERE x.look_at_us <= ?1 ORDER BY x.look_at_us, x.task_id LIMIT ?2
