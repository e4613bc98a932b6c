-- migrate, in the migration's own transaction.
INSERT INTO esteira_meta (key, value) VALUES ('schema_version', ?1)
ON CONFLICT (key) DO UPDATE SET value = excluded.value
