-- migrate: the list of what was applied.
CREATE TABLE esteira.schema_migrations (
  version integer PRIMARY KEY,
  name text NOT NULL DEFAULT '',
  applied_at timestamptz NOT NULL DEFAULT clock_timestamp()
)
