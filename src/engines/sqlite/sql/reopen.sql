-- retry: the task's end so far no longer counts.
INSERT INTO task_reopened (task_id, after_attempt, run_at_us) VALUES (?1, ?2, ?3)
ON CONFLICT (task_id) DO UPDATE SET after_attempt = excluded.after_attempt,
  run_at_us = excluded.run_at_us
