-- maintain: the range that is being filled, where the planner still takes it for empty, as it does after
-- an ANALYZE of everything: statements that are prepared would go on reading all of it for each task.
SELECT g.high
FROM esteira.task_ranges g
JOIN pg_class c ON c.oid = to_regclass('esteira.task_requests_' || g.high)
WHERE $1 BETWEEN g.low + 1000 AND g.high - 1 AND c.reltuples BETWEEN 0 AND 500
