-- insert: nobody deletes these until the end of the transaction.
SELECT task_id FROM esteira.task_requests WHERE task_id = ANY ($1) ORDER BY task_id FOR KEY SHARE
