-- The keys of the API, without their secrets, and the audit trail. A key is never deleted: a trail
-- that names it must stay readable, and whether any was ever made decides who may ask without one.
CREATE TABLE api_keys (
  key_id TEXT PRIMARY KEY,
  name TEXT NOT NULL,
  scopes TEXT NOT NULL,
  secret_hash BLOB NOT NULL,
  created_at_us INTEGER NOT NULL,
  expires_at_us INTEGER,
  last_used_at_us INTEGER,
  revoked_at_us INTEGER,
  created_at TEXT AS (strftime('%Y-%m-%dT%H:%M:%S',
      (created_at_us - (created_at_us % 1000000 + 1000000) % 1000000) / 1000000, 'unixepoch')
      || printf('.%06dZ', (created_at_us % 1000000 + 1000000) % 1000000)) VIRTUAL,
  expires_at TEXT AS (strftime('%Y-%m-%dT%H:%M:%S',
      (expires_at_us - (expires_at_us % 1000000 + 1000000) % 1000000) / 1000000, 'unixepoch')
      || printf('.%06dZ', (expires_at_us % 1000000 + 1000000) % 1000000)) VIRTUAL,
  last_used_at TEXT AS (strftime('%Y-%m-%dT%H:%M:%S',
      (last_used_at_us - (last_used_at_us % 1000000 + 1000000) % 1000000) / 1000000, 'unixepoch')
      || printf('.%06dZ', (last_used_at_us % 1000000 + 1000000) % 1000000)) VIRTUAL,
  revoked_at TEXT AS (strftime('%Y-%m-%dT%H:%M:%S',
      (revoked_at_us - (revoked_at_us % 1000000 + 1000000) % 1000000) / 1000000, 'unixepoch')
      || printf('.%06dZ', (revoked_at_us % 1000000 + 1000000) % 1000000)) VIRTUAL
);

CREATE TABLE audit_log (
  seq INTEGER PRIMARY KEY,
  at_us INTEGER NOT NULL,
  actor TEXT NOT NULL,
  action TEXT NOT NULL,
  target TEXT NOT NULL,
  before TEXT,
  after TEXT,
  address TEXT NOT NULL,
  previous_hash BLOB NOT NULL,
  hash BLOB NOT NULL,
  at TEXT AS (strftime('%Y-%m-%dT%H:%M:%S',
      (at_us - (at_us % 1000000 + 1000000) % 1000000) / 1000000, 'unixepoch')
      || printf('.%06dZ', (at_us % 1000000 + 1000000) % 1000000)) VIRTUAL
);

-- What is written stays as it is written. An INSERT OR REPLACE deletes without asking the second
-- trigger, and is stopped by the third.
CREATE TRIGGER audit_log_no_update BEFORE UPDATE ON audit_log
BEGIN
  SELECT RAISE(ABORT, 'audit_log is append-only');
END;
CREATE TRIGGER audit_log_no_delete BEFORE DELETE ON audit_log
BEGIN
  SELECT RAISE(ABORT, 'audit_log is append-only');
END;
CREATE TRIGGER audit_log_next BEFORE INSERT ON audit_log
WHEN NEW.seq IS NOT (SELECT coalesce(max(seq), 0) + 1 FROM audit_log)
BEGIN
  SELECT RAISE(ABORT, 'audit_log is append-only and its seq has no gap');
END;
