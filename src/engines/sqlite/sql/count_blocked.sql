-- stats: type, waiting, due, the oldest; what waits for others is not late.
SELECT type_id, count(*), 0, ?1 FROM task_blocked GROUP BY type_id
