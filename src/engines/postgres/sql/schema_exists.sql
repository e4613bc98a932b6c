-- schema_status, migrate: whether the schema and its list of migrations are there.
SELECT to_regnamespace('esteira') IS NOT NULL,
       to_regclass('esteira.schema_migrations') IS NOT NULL,
       current_setting('server_encoding')
