-- migrate: the schema, where no administrator has made it.
CREATE SCHEMA esteira
