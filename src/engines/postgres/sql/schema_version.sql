-- schema_status, migrate: the newest migration that was applied.
SELECT coalesce(max(version), 0) FROM esteira.schema_migrations
