-- expire_waiting: these have been looked at.
DELETE FROM esteira.task_expiries x
USING unnest($1::timestamptz[], $2::bigint[]) AS i (look_at, task_id)
WHERE x.look_at = i.look_at AND x.task_id = i.task_id
