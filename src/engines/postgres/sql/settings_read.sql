-- In every transaction: a statement that hangs is the database's to end, and compiling a plan that
-- runs once costs more than it saves.
SELECT set_config('statement_timeout', '30s', true), set_config('jit', 'off', true)
