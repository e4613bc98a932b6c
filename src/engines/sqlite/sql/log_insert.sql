-- notes, under a live fence; a line that is offered again changes nothing.
INSERT INTO task_logs (task_id, attempt, line, at_us, level, text) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT DO NOTHING
