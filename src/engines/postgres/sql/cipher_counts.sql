-- cipher_counts: the whole of one index.
SELECT key_id, count(*) FROM esteira.task_ciphers GROUP BY key_id ORDER BY key_id
