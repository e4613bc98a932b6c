-- note_schedule_runs: a nominal time that is there already stays as it is.
INSERT INTO task_schedule_runs (schedule, nominal_at_us, created_at_us) VALUES (?1, ?2, ?3)
ON CONFLICT (schedule, nominal_at_us) DO NOTHING
