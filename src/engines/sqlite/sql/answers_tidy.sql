-- maintain: a bounded batch of answers that are past their time.
DELETE FROM kept_answers WHERE entry IN (
  SELECT entry FROM (SELECT entry, created_at_us FROM kept_answers ORDER BY entry LIMIT ?2)
  WHERE created_at_us < ?1)
