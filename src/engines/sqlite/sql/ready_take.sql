-- claim: what was taken is the lane's first rows, up to and with the last one taken.
DELETE FROM task_ready WHERE type_id = ?1 AND priority = ?2 AND (run_at_us, task_id) <= (?3, ?4)
