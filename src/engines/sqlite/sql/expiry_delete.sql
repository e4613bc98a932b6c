-- expire_waiting: it has been looked at.
DELETE FROM task_expiries WHERE look_at_us = ?1 AND task_id = ?2
