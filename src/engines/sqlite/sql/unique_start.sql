-- claim: a key that is held until its task starts.
DELETE FROM task_unique WHERE type_id = ?1 AND unique_key = ?2 AND task_id = ?3 AND scope = 1
