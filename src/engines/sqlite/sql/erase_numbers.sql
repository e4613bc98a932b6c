-- remove, prune: the counters keep their place.
DELETE FROM task_numbers WHERE task_id = ?1
