-- How the circuit breaker of a gated type stands: JSON, null while it never opened.
ALTER TABLE esteira.task_gates ADD COLUMN breaker text;
