-- maintain: how far the ids are given out, how far there are ranges, how wide one is, and whether
-- this role may make one.
SELECT (SELECT last_value FROM esteira.task_ids),
       (SELECT coalesce(max(high), 0) FROM esteira.task_ranges),
       (SELECT value FROM esteira.meta WHERE key = 'range_width'),
       has_function_privilege('esteira.make_range(bigint, bigint)', 'EXECUTE')
