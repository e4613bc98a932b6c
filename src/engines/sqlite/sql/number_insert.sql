-- notes: kept with the task.
INSERT INTO task_numbers (task_id, counter, number) VALUES (?1, ?2, ?3)
