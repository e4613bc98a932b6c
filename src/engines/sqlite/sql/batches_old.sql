-- maintain.
SELECT 1 FROM task_batches WHERE finished_at_us <= ?1 LIMIT 1
