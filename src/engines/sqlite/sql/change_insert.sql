-- insert, tick, take_expired, cancel, retry, remove: what this transaction changed.
INSERT INTO task_changes (at_us, task_ids) VALUES (?1, ?2)
