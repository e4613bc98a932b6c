-- maintain: entries follow time, so the oldest tells; ?2 bounds the look.
SELECT 1 FROM (SELECT created_at_us FROM kept_answers ORDER BY entry LIMIT ?2)
WHERE created_at_us < ?1 LIMIT 1
