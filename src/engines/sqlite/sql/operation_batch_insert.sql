-- start_operation.
INSERT INTO task_operation_batches (operation_id, batch, task_ids) VALUES (?1, ?2, ?3)
