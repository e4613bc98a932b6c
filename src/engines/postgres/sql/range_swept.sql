-- drop_range: the oldest range of which only side rows are left.
SELECT low, high FROM esteira.task_ranges WHERE dropped ORDER BY low LIMIT 1
