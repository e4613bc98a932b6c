-- maintain: whether one ended before ?1.
SELECT 1 FROM task_operations WHERE completed_at_us < ?1 LIMIT 1
