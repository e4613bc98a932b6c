-- insert.
INSERT INTO task_batch_members (task_id, batch_no) VALUES (?1, ?2)
