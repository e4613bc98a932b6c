-- insert: who holds the key.
SELECT task_id FROM task_unique WHERE type_id = ?1 AND unique_key = ?2
