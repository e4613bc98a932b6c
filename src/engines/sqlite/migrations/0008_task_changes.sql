-- Which tasks a transaction changed, for who shows them: one row a transaction, kept for two
-- minutes. `task_ids` is a JSON array; null: too many to be named. The newest row is never removed,
-- so that a number is never given twice.
CREATE TABLE task_changes (
  seq INTEGER PRIMARY KEY,
  at_us INTEGER NOT NULL,
  task_ids TEXT
);
