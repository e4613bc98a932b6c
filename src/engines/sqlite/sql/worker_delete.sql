-- remove_worker.
DELETE FROM task_workers WHERE name = ?1
