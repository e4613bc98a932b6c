-- cancel, remove, edit.
DELETE FROM task_scheduled WHERE run_at_us = ?1 AND task_id = ?2
