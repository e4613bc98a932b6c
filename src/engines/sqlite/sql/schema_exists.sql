-- schema_status, migrate: whether this database holds a schema of ours.
SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'esteira_meta'
