#include "engines/sqlite/place.hpp"

#include "sqlite_sql.hpp"

namespace esteira::sqlite {

Expected<std::optional<Place>> find_place(Connection& connection, TaskId task_id) {
  auto query = ESTEIRA_TRY(connection.query(sql::place));
  query.bind(task_id);
  if (!ESTEIRA_TRY(query.step())) return std::nullopt;
  Place place;
  place.status = ESTEIRA_TRY(parse_task_status(query.view(0)));
  place.max_retries = query.small(1);
  place.unique_key = query.optional_text(2);
  place.waiting = {.type_id = query.small(3),
                   .priority = query.small(4),
                   .run_at = query.time(5),
                   .task_id = task_id,
                   .retries = query.small(6),
                   .crashes = query.small(7),
                   .attempt = query.small(8),
                   // Which of them it needs, the statements find out.
                   .flags = (place.unique_key ? flag_unique | flag_unique_start : 0) |
                            (query.small(9) != 0 ? flag_flow : 0) |
                            (query.small(10) != 0 ? flag_slot : 0) |
                            (query.small(11) != 0 ? flag_blocked : 0)};
  return place;
}

Claim claim_of(const Place& place, Time now) {
  Claim claim;
  claim.fence = {.task_id = place.waiting.task_id, .attempt = place.waiting.attempt + 1};
  claim.type_id = place.waiting.type_id;
  claim.priority = place.waiting.priority;
  claim.retries = place.waiting.retries;
  claim.max_retries = place.max_retries;
  claim.crashes = place.waiting.crashes;
  claim.run_at = place.waiting.run_at;
  claim.started_at = now;
  return claim;
}

}  // namespace esteira::sqlite
