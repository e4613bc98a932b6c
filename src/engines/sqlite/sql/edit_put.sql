-- edit: when, and where it stands now in the queue if that was changed since the last attempt.
INSERT INTO task_edits (task_id, after_attempt, edited_at_us, run_at_us) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (task_id) DO UPDATE SET
  run_at_us = coalesce(excluded.run_at_us,
                       CASE WHEN after_attempt = excluded.after_attempt THEN run_at_us END),
  after_attempt = excluded.after_attempt, edited_at_us = excluded.edited_at_us
