-- types_version
SELECT value FROM esteira.meta WHERE key = 'types_version'
