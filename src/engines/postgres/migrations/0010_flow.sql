-- What a type says about the flow of its tasks, and what is said of some tasks beyond the order that
-- every task has: one JSON object each, which no statement looks into.
ALTER TABLE esteira.task_types ADD COLUMN flow jsonb NOT NULL DEFAULT '{}';
ALTER TABLE esteira.task_requests ADD COLUMN terms jsonb;
