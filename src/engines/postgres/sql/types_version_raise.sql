-- put_type: tells every program that keeps types in memory. Locks the counter, so that two changes
-- of types come one after the other.
UPDATE esteira.meta SET value = value + 1 WHERE key = 'types_version'
