-- How long a unique key is held: `scope` 0, while its task waits or runs; 1, until it is first claimed;
-- 2, until `until_us`, whatever becomes of the task.
ALTER TABLE task_unique ADD COLUMN scope INTEGER NOT NULL DEFAULT 0;
ALTER TABLE task_unique ADD COLUMN until_us INTEGER;
CREATE INDEX task_unique_until ON task_unique (until_us) WHERE until_us IS NOT NULL;

-- When the sweep looks at a task that may have expired. A row goes when it is looked at, and not with
-- its task.
CREATE TABLE task_expiries (
  look_at_us INTEGER NOT NULL,
  task_id INTEGER NOT NULL,
  PRIMARY KEY (look_at_us, task_id)
) WITHOUT ROWID;

-- How many tasks of a type wait.
CREATE INDEX task_scheduled_type ON task_scheduled (type_id);
