  AND ($2::text IS NULL OR r.type_id = (SELECT t.type_id FROM esteira.task_types t
                                        WHERE t.name = $2))
  AND ($3::text IS NULL OR $3 = ANY (r.tags))
  AND ($4::timestamptz IS NULL OR r.created_at >= $4)
  AND ($5::timestamptz IS NULL OR r.created_at < $5)
ORDER BY r.task_id DESC LIMIT :limit
