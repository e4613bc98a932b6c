-- replace, expire_waiting: when the sweep looks at these tasks.
INSERT INTO esteira.task_expiries (look_at, task_id)
SELECT i.look_at, i.task_id FROM unnest($1::timestamptz[], $2::bigint[]) AS i (look_at, task_id)
ON CONFLICT DO NOTHING
