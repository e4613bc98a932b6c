-- maintain, drop_range: who waits for a table's lock makes all wait who come after.
SET LOCAL lock_timeout = '50ms'
