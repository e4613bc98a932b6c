-- maintain: the next range, unless another process was quicker.
SELECT esteira.make_range($1, $2)
