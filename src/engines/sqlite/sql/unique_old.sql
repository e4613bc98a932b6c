-- maintain: windows that have ended.
SELECT 1 FROM task_unique WHERE until_us < ?1 LIMIT 1
