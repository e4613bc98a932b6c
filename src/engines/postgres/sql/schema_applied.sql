-- migrate: one more is applied.
INSERT INTO esteira.schema_migrations (version, name) VALUES ($1, $2)
