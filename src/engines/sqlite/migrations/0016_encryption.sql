-- The data keys of encrypted tasks, each wrapped by the key `key_id`, which is not here. Payload, result
-- and checkpoint of the task open with the data key alone: where the row goes, they are lost for good.
-- The task 0 is the root, of what belongs to no task.
CREATE TABLE task_ciphers (
  task_id INTEGER PRIMARY KEY,
  key_id TEXT NOT NULL,
  wrapped TEXT NOT NULL
);
CREATE INDEX task_ciphers_key ON task_ciphers (key_id, task_id);

-- The payload is enciphered under the root.
ALTER TABLE task_schedules ADD COLUMN encrypted INTEGER NOT NULL DEFAULT 0;
