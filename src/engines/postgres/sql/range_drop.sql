-- drop_range
SELECT esteira.drop_range($1)
