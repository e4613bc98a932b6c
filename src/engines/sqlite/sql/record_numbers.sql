-- prune, with an archive.
SELECT counter, number FROM task_numbers WHERE task_id = ?1 ORDER BY counter
