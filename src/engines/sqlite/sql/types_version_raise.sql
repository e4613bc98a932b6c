-- put_type, in its transaction.
UPDATE esteira_meta SET value = value + 1 WHERE key = 'types_version'
