-- notes: the number that a task holds of a counter.
SELECT number FROM task_numbers WHERE task_id = ?1 AND counter = ?2
