-- claim: the slot of a task that starts; one that was kept for it runs again.
INSERT INTO task_slots (task_id, type_id, flow_key, running, kept) VALUES (?1, ?2, ?3, 1, ?4)
ON CONFLICT (task_id) DO UPDATE SET running = 1, kept = excluded.kept
