-- cancel, remove, edit.
DELETE FROM task_ready WHERE type_id = ?1 AND priority = ?2 AND run_at_us = ?3 AND task_id = ?4
