-- note_schedule_runs: a nominal time that is there already stays as it is.
INSERT INTO esteira.task_schedule_runs (schedule, nominal_at, created_at)
SELECT $1, n.nominal_at, $3 FROM unnest($2::timestamptz[]) AS n (nominal_at)
ON CONFLICT (schedule, nominal_at) DO NOTHING
RETURNING nominal_at
