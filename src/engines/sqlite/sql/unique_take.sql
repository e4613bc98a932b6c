-- insert, retry: no change means that another task holds the key. A window that has ended is no
-- holder.
INSERT INTO task_unique (type_id, unique_key, task_id, scope, until_us) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (type_id, unique_key) DO UPDATE SET task_id = excluded.task_id, scope = excluded.scope,
  until_us = excluded.until_us
WHERE until_us <= ?6
