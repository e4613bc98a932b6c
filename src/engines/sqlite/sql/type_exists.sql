-- insert: stands in for a foreign key.
SELECT 1 FROM task_types WHERE type_id = ?1
