-- notes, under a live fence: the counter moves in the transaction of the note, so no number is lost.
INSERT INTO task_counters (counter, value) VALUES (?1, 1)
ON CONFLICT (counter) DO UPDATE SET value = value + 1 RETURNING value
