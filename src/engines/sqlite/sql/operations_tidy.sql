-- maintain: operations that ended before ?1.
DELETE FROM task_operations WHERE completed_at_us < ?1
