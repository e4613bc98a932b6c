-- Waiting tasks that may not run before others have ended.
CREATE TABLE esteira.task_blocked (
  task_id bigint PRIMARY KEY,
  run_at timestamptz NOT NULL,
  type_id integer NOT NULL,
  priority integer NOT NULL,
  attempt integer NOT NULL,
  retries integer NOT NULL,
  crashes integer NOT NULL,
  keyed boolean NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
        autovacuum_vacuum_insert_threshold = -1, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX task_blocked_type ON esteira.task_blocked (type_id);

-- Which ends they wait for: of a task, or of a batch, whose number stands below 0. A row goes when
-- the child has been told.
CREATE TABLE esteira.task_dependencies (
  parent_id bigint NOT NULL,
  child_id bigint NOT NULL,
  PRIMARY KEY (parent_id, child_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
        autovacuum_vacuum_insert_threshold = -1, autovacuum_vacuum_cost_delay = 0);
CREATE INDEX task_dependencies_child ON esteira.task_dependencies (child_id, parent_id);

CREATE TABLE esteira.task_batches (
  batch_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  created_at timestamptz NOT NULL,
  closed_at timestamptz,
  finished_at timestamptz,
  finish_task_id bigint,
  pending bigint NOT NULL DEFAULT 0,
  completed bigint NOT NULL DEFAULT 0,
  failed bigint NOT NULL DEFAULT 0,
  cancelled bigint NOT NULL DEFAULT 0,
  batch_id text COLLATE "C" NOT NULL UNIQUE
) WITH (fillfactor = 50);
CREATE INDEX task_batches_finished ON esteira.task_batches (finished_at)
  WHERE finished_at IS NOT NULL;

-- `counted`: as which of its batch's four numbers a task is counted. A row goes with its batch, for
-- it counts a task that is gone.
CREATE TABLE esteira.task_batch_members (
  task_id bigint PRIMARY KEY,
  batch_no bigint NOT NULL,
  counted integer NOT NULL DEFAULT 0
);
CREATE INDEX task_batch_members_batch ON esteira.task_batch_members (batch_no, counted, task_id);

-- Tasks and batches that ended, or that were opened again, and whose dependants are to be told: how
-- they stand now, or as `status` says where they are gone. Only added to and deleted from, so that
-- nobody who ends a task waits for who tells of it.
CREATE TABLE esteira.task_ends (
  end_no bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  task_id bigint NOT NULL,
  status integer NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_insert_threshold = -1, autovacuum_vacuum_cost_delay = 0);
