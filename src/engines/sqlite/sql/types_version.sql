-- types_version.
SELECT value FROM esteira_meta WHERE key = 'types_version'
