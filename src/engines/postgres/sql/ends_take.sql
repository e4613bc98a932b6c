-- telling of ends: the first that nobody else tells of just now.
SELECT end_no, task_id, status FROM esteira.task_ends ORDER BY end_no LIMIT :limit
FOR UPDATE SKIP LOCKED
