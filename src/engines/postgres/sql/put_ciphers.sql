-- insert, edit, replace: the data keys of tasks.
INSERT INTO esteira.task_ciphers (task_id, key_id, wrapped)
SELECT * FROM unnest($1::bigint[], $2::text[], $3::text[])
ON CONFLICT (task_id) DO UPDATE SET key_id = excluded.key_id, wrapped = excluded.wrapped
