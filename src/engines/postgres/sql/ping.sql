-- ping: the server answers and the schema is there.
SELECT value FROM esteira.meta WHERE key = 'types_version'
