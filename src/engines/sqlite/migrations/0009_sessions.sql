-- Sign-ins with a key, known by the hash of a cookie; and how often a key may call.
CREATE TABLE sessions (
  token_hash BLOB PRIMARY KEY,
  key_id TEXT NOT NULL,
  created_at_us INTEGER NOT NULL,
  seen_at_us INTEGER NOT NULL,
  expires_at_us INTEGER NOT NULL
) WITHOUT ROWID;
ALTER TABLE api_keys ADD COLUMN rate TEXT;
