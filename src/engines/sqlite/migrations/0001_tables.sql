-- The model of ARCHITECTURE.md. Times are whole microseconds since 1970, UTC, in columns that end in
-- _us; where the seed document names a time, a generated column shows it as RFC 3339 text.
-- No foreign keys are declared: every writer is a statement of this folder, which writes or deletes
-- a task's rows in one transaction, and each enforced reference would cost a look-up a row.

CREATE TABLE esteira_meta (
  key TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO esteira_meta (key, value) VALUES ('types_version', 1), ('last_task_id', 0);

CREATE TABLE task_types (
  type_id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  description TEXT NOT NULL DEFAULT '',
  created_at_us INTEGER NOT NULL,
  updated_at_us INTEGER,
  paused INTEGER NOT NULL DEFAULT 0,
  max_retries INTEGER NOT NULL DEFAULT 3,
  timeout_us INTEGER NOT NULL,
  back_off_base_us INTEGER NOT NULL,
  back_off_factor REAL NOT NULL,
  back_off_cap_us INTEGER NOT NULL,
  back_off_jitter INTEGER NOT NULL,
  payload_schema TEXT NOT NULL DEFAULT '',
  retention_completed_us INTEGER NOT NULL,
  retention_failed_us INTEGER NOT NULL,
  retention_cancelled_us INTEGER NOT NULL,
  concurrency INTEGER,
  rate TEXT,
  created_at TEXT AS (strftime('%Y-%m-%dT%H:%M:%S',
      (created_at_us - (created_at_us % 1000000 + 1000000) % 1000000) / 1000000, 'unixepoch')
      || printf('.%06dZ', (created_at_us % 1000000 + 1000000) % 1000000)) VIRTUAL,
  updated_at TEXT AS (strftime('%Y-%m-%dT%H:%M:%S',
      (updated_at_us - (updated_at_us % 1000000 + 1000000) % 1000000) / 1000000, 'unixepoch')
      || printf('.%06dZ', (updated_at_us % 1000000 + 1000000) % 1000000)) VIRTUAL
);

-- The order, written once. The payload stands last, so that reading the rest of a row never touches
-- its overflow pages.
CREATE TABLE task_requests (
  task_id INTEGER PRIMARY KEY,
  type_id INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  max_retries INTEGER NOT NULL,
  scheduled_for_us INTEGER,
  created_at_us INTEGER NOT NULL,
  timeout_us INTEGER,
  unique_key TEXT,
  traceparent TEXT,
  tags TEXT,
  payload TEXT NOT NULL
);
CREATE INDEX task_requests_type ON task_requests (type_id);

CREATE TABLE task_tags (
  tag TEXT NOT NULL,
  task_id INTEGER NOT NULL,
  PRIMARY KEY (tag, task_id)
) WITHOUT ROWID;

-- What waits and is due. `flags` spares look-ups: 1, the task holds a unique key.
CREATE TABLE task_ready (
  type_id INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  run_at_us INTEGER NOT NULL,
  task_id INTEGER NOT NULL,
  retries INTEGER NOT NULL,
  crashes INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  flags INTEGER NOT NULL,
  PRIMARY KEY (type_id, priority DESC, run_at_us, task_id)
) WITHOUT ROWID;

-- What waits for its time.
CREATE TABLE task_scheduled (
  run_at_us INTEGER NOT NULL,
  task_id INTEGER NOT NULL,
  type_id INTEGER NOT NULL,
  priority INTEGER NOT NULL,
  retries INTEGER NOT NULL,
  crashes INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  flags INTEGER NOT NULL,
  PRIMARY KEY (run_at_us, task_id)
) WITHOUT ROWID;

-- What runs: a row a claimed batch. `tasks` is [[task_id,attempt,retries,crashes,run_at_us,flags],…],
-- the numbers as they stood before the attempt; a listed task is open until its execution row
-- exists. There are few rows, so expiry is found by reading them all; `tasks` stands last.
CREATE TABLE task_leases (
  lease_id BLOB NOT NULL,
  part INTEGER NOT NULL,
  expires_at_us INTEGER NOT NULL,
  claimed_at_us INTEGER NOT NULL,
  worker TEXT NOT NULL,
  previous_worker TEXT,
  tasks TEXT NOT NULL,
  PRIMARY KEY (lease_id, part)
) WITHOUT ROWID;

-- What happened: a row an attempt that ended; execution_id = task_id * 65536 + attempt. People read
-- it as the view task_executions: generated columns, as task_types has them, would be computed by
-- every insert.
CREATE TABLE task_attempts (
  execution_id INTEGER PRIMARY KEY,
  status TEXT NOT NULL,
  ends_task INTEGER NOT NULL,
  started_at_us INTEGER NOT NULL,
  completed_at_us INTEGER NOT NULL,
  retries INTEGER NOT NULL,
  crashes INTEGER NOT NULL,
  retry_at_us INTEGER,
  lease_id BLOB,
  worker TEXT,
  error_message TEXT,
  metadata TEXT,
  result TEXT
);
-- Finds what ended badly (0) and what was cancelled (1) without reading what went well.
CREATE INDEX task_attempts_unwell ON task_attempts (status = 'CANCELLED')
  WHERE ends_task = 1 AND status <> 'COMPLETED';

-- A person's retry: the task's end at `after_attempt` or before no longer counts.
CREATE TABLE task_reopened (
  task_id INTEGER PRIMARY KEY,
  after_attempt INTEGER NOT NULL,
  run_at_us INTEGER NOT NULL
);

CREATE TABLE task_unique (
  type_id INTEGER NOT NULL,
  unique_key TEXT NOT NULL,
  task_id INTEGER NOT NULL,
  PRIMARY KEY (type_id, unique_key)
) WITHOUT ROWID;

-- A rowid table: rowids follow time, so that the oldest keys stand first for their removal.
CREATE TABLE idempotency_keys (
  entry INTEGER PRIMARY KEY,
  idempotency_key TEXT NOT NULL UNIQUE,
  hash TEXT NOT NULL,
  task_id INTEGER NOT NULL,
  created_at_us INTEGER NOT NULL
);

CREATE TABLE task_cancels (
  task_id INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  PRIMARY KEY (task_id, attempt)
) WITHOUT ROWID;

CREATE TABLE task_checkpoints (
  task_id INTEGER PRIMARY KEY,
  state TEXT NOT NULL
);

CREATE TABLE task_progress (
  task_id INTEGER PRIMARY KEY,
  attempt INTEGER NOT NULL,
  fraction REAL NOT NULL,
  text TEXT NOT NULL
);

CREATE TABLE task_logs (
  task_id INTEGER NOT NULL,
  attempt INTEGER NOT NULL,
  line INTEGER NOT NULL,
  at_us INTEGER NOT NULL,
  level INTEGER NOT NULL,
  text TEXT NOT NULL,
  PRIMARY KEY (task_id, attempt, line)
) WITHOUT ROWID;

CREATE TABLE task_counters (
  counter TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE task_numbers (
  task_id INTEGER NOT NULL,
  counter TEXT NOT NULL,
  number INTEGER NOT NULL,
  PRIMARY KEY (task_id, counter)
) WITHOUT ROWID;

CREATE TABLE task_workers (
  name TEXT PRIMARY KEY,
  host TEXT NOT NULL,
  pid INTEGER NOT NULL,
  version TEXT NOT NULL,
  types TEXT NOT NULL,
  slots INTEGER NOT NULL,
  started_at_us INTEGER NOT NULL,
  heartbeat_at_us INTEGER NOT NULL
) WITHOUT ROWID;

-- Counters, in the transaction of what they count. There is one writer at a time, so a counter is
-- one row; minute 0 holds what is counted over all time (measure 'status': how many tasks stand
-- ended, by TaskStatus). The other measures are 'execution' (by ExecutionStatus), 'run' and 'wait'
-- (histograms).
CREATE TABLE task_stats_minute (
  measure TEXT NOT NULL,
  minute INTEGER NOT NULL,
  type_id INTEGER NOT NULL,
  bucket INTEGER NOT NULL,
  count INTEGER NOT NULL,
  sum_us INTEGER NOT NULL,
  PRIMARY KEY (measure, minute, type_id, bucket)
) WITHOUT ROWID;
