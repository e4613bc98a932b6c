-- insert, retry, create_batch.
INSERT INTO esteira.task_dependencies (parent_id, child_id)
SELECT * FROM unnest($1::bigint[], $2::bigint[]) ON CONFLICT DO NOTHING
