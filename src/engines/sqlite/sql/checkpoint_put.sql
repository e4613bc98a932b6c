-- notes, under a live fence.
INSERT INTO task_checkpoints (task_id, state) VALUES (?1, ?2)
ON CONFLICT (task_id) DO UPDATE SET state = excluded.state
