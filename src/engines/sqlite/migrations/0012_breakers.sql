-- How the circuit breaker of a gated type stands: JSON, null while it never opened.
ALTER TABLE task_gates ADD COLUMN breaker TEXT;
