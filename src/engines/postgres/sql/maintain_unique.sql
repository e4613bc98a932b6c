-- maintain: windows that have ended.
DELETE FROM esteira.task_unique u
USING (SELECT type_id, unique_key FROM esteira.task_unique WHERE until < $1
       ORDER BY until LIMIT 1000 FOR UPDATE SKIP LOCKED) o
WHERE u.type_id = o.type_id AND u.unique_key = o.unique_key
