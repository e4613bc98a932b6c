-- telling of ends: the first.
SELECT end_no, task_id, status FROM task_ends ORDER BY end_no LIMIT 1
