-- notes, under a live fence.
INSERT INTO task_progress (task_id, attempt, fraction, text) VALUES (?1, ?2, ?3, ?4)
ON CONFLICT (task_id) DO UPDATE SET attempt = excluded.attempt, fraction = excluded.fraction,
  text = excluded.text
