-- Tasks that are made at certain times. `handled_until_us`: every nominal time until then is done
-- with. `look_at_us`: when there is something to do; NULL: never.
CREATE TABLE task_schedules (
  name TEXT PRIMARY KEY,
  cron TEXT NOT NULL,
  timezone TEXT NOT NULL,
  type_id INTEGER NOT NULL,
  payload TEXT NOT NULL,
  priority INTEGER NOT NULL,
  max_retries INTEGER,
  tags TEXT NOT NULL,
  missed TEXT NOT NULL,
  missed_window_us INTEGER NOT NULL,
  missed_max INTEGER NOT NULL,
  overlap TEXT NOT NULL,
  paused INTEGER NOT NULL,
  created_at_us INTEGER NOT NULL,
  updated_at_us INTEGER,
  anchor_us INTEGER NOT NULL,
  handled_until_us INTEGER NOT NULL,
  last_nominal_at_us INTEGER,
  last_task_id INTEGER,
  queued_at_us INTEGER,
  next_at_us INTEGER,
  look_at_us INTEGER
) WITHOUT ROWID;
CREATE INDEX task_schedules_look ON task_schedules (look_at_us) WHERE look_at_us IS NOT NULL;

-- The nominal times that are done with, each once: the key decides that none is done twice. The rows
-- outlive their schedule, so that one that is made anew under the same name keeps to it.
CREATE TABLE task_schedule_runs (
  schedule TEXT NOT NULL,
  nominal_at_us INTEGER NOT NULL,
  task_id INTEGER,
  created_at_us INTEGER NOT NULL,
  PRIMARY KEY (schedule, nominal_at_us)
) WITHOUT ROWID;
CREATE INDEX task_schedule_runs_age ON task_schedule_runs (created_at_us);
