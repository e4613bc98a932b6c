-- set_schedule_tasks
UPDATE esteira.task_schedule_runs r SET task_id = n.task_id
FROM unnest($2::timestamptz[], $3::bigint[]) AS n (nominal_at, task_id)
WHERE r.schedule = $1 AND r.nominal_at = n.nominal_at
