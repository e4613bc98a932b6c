-- start_operation: the tasks in their order, $3 to a batch.
INSERT INTO esteira.task_operation_batches (operation_id, batch, task_ids)
SELECT $1, (i.no - 1) / $3, array_agg(i.task_id ORDER BY i.no)
FROM unnest($2::bigint[]) WITH ORDINALITY AS i (task_id, no)
GROUP BY 2
