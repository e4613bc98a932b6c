-- What calls with an idempotency key were answered, so that the same call may be sent again. A key is
-- its caller's own.
CREATE TABLE esteira.kept_answers (
  actor text NOT NULL,
  idempotency_key text NOT NULL,
  hash text NOT NULL,
  status integer NOT NULL,
  body text NOT NULL,
  created_at timestamptz NOT NULL,
  PRIMARY KEY (actor, idempotency_key)
);
CREATE INDEX kept_answers_age ON esteira.kept_answers (created_at);
