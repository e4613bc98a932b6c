-- insert.
INSERT INTO esteira.task_batch_members (task_id, batch_no)
SELECT i.task_id, $2 FROM unnest($1::bigint[]) AS i (task_id)
