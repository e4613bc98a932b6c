-- What calls with an idempotency key were answered, so that the same call may be sent again. A key is
-- its caller's own. A rowid table: rowids follow time, so that the oldest stand first for removal.
CREATE TABLE kept_answers (
  entry INTEGER PRIMARY KEY,
  actor TEXT NOT NULL,
  idempotency_key TEXT NOT NULL,
  hash TEXT NOT NULL,
  status INTEGER NOT NULL,
  body TEXT NOT NULL,
  created_at_us INTEGER NOT NULL,
  UNIQUE (actor, idempotency_key)
);
