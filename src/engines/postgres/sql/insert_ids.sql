-- insert: ids in advance, for rows with keys.
SELECT nextval('esteira.task_ids') FROM generate_series(1, $1)
