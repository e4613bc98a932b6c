-- The tables. Written once where it can be: the order (task_requests), the ready and the scheduled
-- rows, a lease for each claimed batch and an execution row for each ended attempt.

CREATE SEQUENCE esteira.task_ids AS bigint;

CREATE TABLE esteira.meta (
  key text PRIMARY KEY,
  value bigint NOT NULL
);
INSERT INTO esteira.meta (key, value) VALUES ('types_version', 1);

CREATE TABLE esteira.task_types (
  type_id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name varchar(50) NOT NULL UNIQUE,
  description text NOT NULL DEFAULT '',
  created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  updated_at timestamptz,
  paused boolean NOT NULL DEFAULT false,
  max_retries integer NOT NULL DEFAULT 3,
  timeout_us bigint NOT NULL DEFAULT 300000000,
  back_off_base_us bigint NOT NULL DEFAULT 5000000,
  back_off_factor double precision NOT NULL DEFAULT 2,
  back_off_cap_us bigint NOT NULL DEFAULT 3600000000,
  back_off_jitter boolean NOT NULL DEFAULT true,
  payload_schema text NOT NULL DEFAULT '',
  retention_completed_us bigint NOT NULL DEFAULT 604800000000,
  retention_failed_us bigint NOT NULL DEFAULT 7776000000000,
  retention_cancelled_us bigint NOT NULL DEFAULT 7776000000000,
  concurrency integer,
  rate text
);

-- No foreign key to task_types: types are never deleted, and the check would lock the type's row
-- for each new task.
CREATE TABLE esteira.task_requests (
  task_id bigint PRIMARY KEY,
  created_at timestamptz NOT NULL,
  scheduled_for timestamptz,
  timeout_us bigint,
  type_id integer NOT NULL,
  priority integer NOT NULL,
  max_retries integer NOT NULL,
  unique_key text,
  traceparent text,
  tags text[],
  payload jsonb NOT NULL
);
CREATE INDEX task_requests_type ON esteira.task_requests (type_id, task_id);

CREATE TABLE esteira.task_tags (
  tag text NOT NULL,
  task_id bigint NOT NULL,
  PRIMARY KEY (tag, task_id)
);

-- The waiting tasks that are due. `keyed`: the task may hold a row of task_unique.
CREATE TABLE esteira.task_ready (
  run_at timestamptz NOT NULL,
  task_id bigint NOT NULL,
  type_id integer NOT NULL,
  priority integer NOT NULL,
  attempt integer NOT NULL,
  retries integer NOT NULL,
  crashes integer NOT NULL,
  keyed boolean NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
        autovacuum_vacuum_insert_threshold = -1, autovacuum_vacuum_cost_delay = 0);
CREATE UNIQUE INDEX task_ready_order
  ON esteira.task_ready (type_id, priority DESC, run_at, task_id);

-- The waiting tasks of the future, also retries.
CREATE TABLE esteira.task_scheduled (
  run_at timestamptz NOT NULL,
  task_id bigint NOT NULL,
  type_id integer NOT NULL,
  priority integer NOT NULL,
  attempt integer NOT NULL,
  retries integer NOT NULL,
  crashes integer NOT NULL,
  keyed boolean NOT NULL,
  PRIMARY KEY (run_at, task_id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 20000,
        autovacuum_vacuum_insert_threshold = -1, autovacuum_vacuum_cost_delay = 0);

-- One row for each claimed batch: the running tasks. An entry of the arrays is open until its
-- execution row exists; `open_tasks` counts the open ones, and the row goes with the last. The
-- arrays stay as the claim wrote them (but for a split), out of line, so that a renewal updates a
-- small row in its page. A missing array of retries or crashes means zeros.
-- `keyed`: a task may hold a row of task_unique. `kept`: a task may have a row in
-- task_checkpoints, task_progress or task_cancels.
CREATE TABLE esteira.task_leases (
  lease_id uuid NOT NULL,
  part integer NOT NULL DEFAULT 0,
  open_tasks integer NOT NULL,
  claimed_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL,
  keyed boolean NOT NULL DEFAULT false,
  kept boolean NOT NULL DEFAULT false,
  worker text NOT NULL,
  previous_worker text,
  task_ids bigint[] NOT NULL,
  attempts integer[] NOT NULL,
  run_ats timestamptz[] NOT NULL,
  retries integer[],
  crashes integer[],
  PRIMARY KEY (lease_id, part)
) WITH (fillfactor = 50, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,
        autovacuum_vacuum_cost_delay = 0);
ALTER TABLE esteira.task_leases
  ALTER COLUMN task_ids SET STORAGE EXTERNAL,
  ALTER COLUMN attempts SET STORAGE EXTERNAL,
  ALTER COLUMN run_ats SET STORAGE EXTERNAL,
  ALTER COLUMN retries SET STORAGE EXTERNAL,
  ALTER COLUMN crashes SET STORAGE EXTERNAL;

-- One row for each ended attempt; the one with `ends_task` ends its task. `retry_at`: when the
-- task waits for, if it does not end.
CREATE TABLE esteira.task_executions (
  task_id bigint NOT NULL,
  started_at timestamptz NOT NULL,
  completed_at timestamptz NOT NULL,
  execution_id bigint NOT NULL GENERATED ALWAYS AS (task_id * 65536 + attempt) STORED,
  lease_id uuid,
  attempt integer NOT NULL,
  retries integer NOT NULL,
  crashes integer NOT NULL,
  ends_task boolean NOT NULL,
  status varchar(20) NOT NULL,
  worker text,
  retry_at timestamptz,
  error_message text,
  result jsonb,
  metadata jsonb,
  PRIMARY KEY (task_id, attempt)
);
CREATE INDEX task_executions_ended_badly ON esteira.task_executions (task_id)
  WHERE ends_task AND status <> 'COMPLETED';

-- A person's retry: attempts up to `after_attempt` no longer end the task.
CREATE TABLE esteira.task_reopened (
  task_id bigint PRIMARY KEY,
  after_attempt integer NOT NULL,
  run_at timestamptz NOT NULL
);

-- Who holds a unique key: taken with the task, released when it ends.
CREATE TABLE esteira.task_unique (
  type_id integer NOT NULL,
  unique_key text NOT NULL,
  task_id bigint NOT NULL,
  PRIMARY KEY (type_id, unique_key)
);

CREATE TABLE esteira.idempotency_keys (
  key text PRIMARY KEY,
  hash text NOT NULL,
  task_id bigint NOT NULL,
  created_at timestamptz NOT NULL
);
CREATE INDEX idempotency_keys_age ON esteira.idempotency_keys (created_at);

CREATE TABLE esteira.task_cancels (
  task_id bigint NOT NULL,
  attempt integer NOT NULL,
  PRIMARY KEY (task_id, attempt)
);
CREATE TABLE esteira.task_checkpoints (
  task_id bigint PRIMARY KEY,
  state jsonb NOT NULL
);
CREATE TABLE esteira.task_progress (
  task_id bigint PRIMARY KEY,
  attempt integer NOT NULL,
  fraction double precision NOT NULL,
  text text NOT NULL
) WITH (fillfactor = 70);
CREATE TABLE esteira.task_logs (
  task_id bigint NOT NULL,
  attempt integer NOT NULL,
  line integer NOT NULL,
  at timestamptz NOT NULL,
  level smallint NOT NULL,
  text text NOT NULL,
  PRIMARY KEY (task_id, attempt, line)
);
CREATE TABLE esteira.task_counters (
  counter text PRIMARY KEY,
  value bigint NOT NULL
);
CREATE TABLE esteira.task_numbers (
  task_id bigint NOT NULL,
  counter text NOT NULL,
  number bigint NOT NULL,
  PRIMARY KEY (task_id, counter)
);

CREATE TABLE esteira.task_workers (
  name text PRIMARY KEY,
  host text NOT NULL,
  pid integer NOT NULL,
  version text NOT NULL,
  types text[] NOT NULL,
  slots integer NOT NULL,
  started_at timestamptz NOT NULL,
  heartbeat_at timestamptz NOT NULL
);

-- Counters by minute, added to in the transaction that they count. Measures: 'execution' (bucket:
-- how the attempt ended), 'run' and 'wait' (bucket: of the histogram), 'status' (bucket: how the
-- task ended; what later undoes an end counts -1). The shard keeps workers off each other's rows.
CREATE TABLE esteira.task_stats_minute (
  minute timestamptz NOT NULL,
  count bigint NOT NULL,
  sum_us bigint NOT NULL,
  type_id integer NOT NULL,
  bucket smallint NOT NULL,
  shard smallint NOT NULL,
  measure text NOT NULL,
  PRIMARY KEY (measure, minute, type_id, bucket, shard)
) WITH (fillfactor = 70);
