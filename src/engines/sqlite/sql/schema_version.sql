-- schema_status, migrate.
SELECT value FROM esteira_meta WHERE key = 'schema_version'
