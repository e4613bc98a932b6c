-- set_schedule_tasks
UPDATE task_schedule_runs SET task_id = ?3 WHERE schedule = ?1 AND nominal_at_us = ?2
