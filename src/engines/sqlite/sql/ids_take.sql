-- insert: takes ?1 ids in one write a batch; ids are never given twice, also not after a deletion.
UPDATE esteira_meta SET value = value + ?1 WHERE key = 'last_task_id' RETURNING value
