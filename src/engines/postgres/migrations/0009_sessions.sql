-- Sign-ins with a key, known by the hash of a cookie; and how often a key may call.
CREATE TABLE esteira.sessions (
  token_hash bytea PRIMARY KEY,
  key_id text NOT NULL,
  created_at timestamptz NOT NULL,
  seen_at timestamptz NOT NULL,
  expires_at timestamptz NOT NULL
);
ALTER TABLE esteira.api_keys ADD COLUMN rate text;
