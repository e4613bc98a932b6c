-- expire_waiting: what is to be looked at and nobody else looks at just now.
SELECT look_at, task_id FROM esteira.task_expiries WHERE look_at <= $1
ORDER BY look_at, task_id LIMIT :limit FOR UPDATE SKIP LOCKED
