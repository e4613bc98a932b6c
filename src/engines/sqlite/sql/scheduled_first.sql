-- tick: when the next scheduled task becomes due.
SELECT run_at_us FROM task_scheduled ORDER BY run_at_us LIMIT 1
