-- listen: whose connection this is.
SELECT pg_backend_pid()
