-- Tasks that are made at certain times. `handled_until`: every nominal time until then is done with.
-- `look_at`: when there is something to do; NULL: never.
CREATE TABLE esteira.task_schedules (
  name text PRIMARY KEY,
  cron text NOT NULL,
  timezone text NOT NULL,
  type_id integer NOT NULL,
  payload jsonb NOT NULL,
  priority integer NOT NULL,
  max_retries integer,
  tags text[] NOT NULL,
  missed text NOT NULL,
  missed_window_us bigint NOT NULL,
  missed_max integer NOT NULL,
  overlap text NOT NULL,
  paused boolean NOT NULL,
  created_at timestamptz NOT NULL,
  updated_at timestamptz,
  anchor timestamptz NOT NULL,
  handled_until timestamptz NOT NULL,
  last_nominal_at timestamptz,
  last_task_id bigint,
  queued_at timestamptz,
  next_at timestamptz,
  look_at timestamptz
);
CREATE INDEX task_schedules_look ON esteira.task_schedules (look_at) WHERE look_at IS NOT NULL;

-- The nominal times that are done with, each once: the key decides that none is done twice. The rows
-- outlive their schedule, so that one that is made anew under the same name keeps to it.
CREATE TABLE esteira.task_schedule_runs (
  schedule text NOT NULL,
  nominal_at timestamptz NOT NULL,
  task_id bigint,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (schedule, nominal_at)
);
CREATE INDEX task_schedule_runs_age ON esteira.task_schedule_runs (created_at);
