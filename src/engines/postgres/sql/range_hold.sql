-- drop_range: from here on nobody changes what the range holds, and everybody reads it.
SELECT esteira.hold_range($1)
