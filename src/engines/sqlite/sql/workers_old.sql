-- maintain: workers that vanished without a word.
SELECT 1 FROM task_workers WHERE heartbeat_at_us < ?1 LIMIT 1
