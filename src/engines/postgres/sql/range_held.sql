-- drop_range: how many orders there are, and what their places in the range add up to. The range is
-- held.
SELECT count(*), coalesce(sum(task_id - $1), 0)::bigint
FROM esteira.task_requests WHERE task_id >= $1 AND task_id < $2
