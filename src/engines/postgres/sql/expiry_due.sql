-- expire_waiting: whether there is anything to look at.
SELECT FROM esteira.task_expiries WHERE look_at <= $1 ORDER BY look_at, task_id LIMIT 1
