// The sweep of waiting tasks whose time is over.
#include <algorithm>

#include "base/assert.hpp"
#include "domain/expiry.hpp"
#include "domain/limits.hpp"
#include "engines/sqlite/dependents.hpp"
#include "engines/sqlite/finish.hpp"
#include "engines/sqlite/operations.hpp"
#include "engines/sqlite/place.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

struct Expiry {
  Time look_at{};
  TaskId task_id = 0;
  TaskTerms terms;  // none where the task was deleted
};

Expected<std::vector<Expiry>> due(Connection& connection, int limit, Time now) {
  std::vector<Expiry> expiries;
  auto query = ESTEIRA_TRY(connection.query(sql::expiries_due));
  query.bind(now, limit);
  while (ESTEIRA_TRY(query.step())) {
    expiries.push_back({.look_at = query.time(0), .task_id = query.integer(1), .terms = {}});
    if (!query.is_null(2)) expiries.back().terms = read_task_terms(query.view(2));
  }
  return expiries;
}

// True: the task has ended by it.
Expected<bool> look_at(Connection& connection, Finisher& finisher, const Expiry& expiry, Time now) {
  ESTEIRA_TRY(connection.run(sql::expiry_delete, expiry.look_at, expiry.task_id));
  // One that was given another time has another row.
  if (!has_expired(expiry.terms, now)) return false;
  const auto place = ESTEIRA_TRY(find_place(connection, expiry.task_id));
  if (!place) return false;
  if (place->status == TaskStatus::processing) {
    ESTEIRA_TRY(connection.run(sql::expiry_insert, now + limits::expiry_recheck, expiry.task_id));
    return false;
  }
  if (place->status != TaskStatus::pending) return false;
  ESTEIRA_TRY(delete_waiting(connection, place->waiting));
  ESTEIRA_TRY(finisher.finish_waiting(
      settle(claim_of(*place, now), expired_unstarted(), RetryPolicy{}, now),
      place->waiting.flags));
  return true;
}

}  // namespace

Expected<int> expire_waiting(Connection& connection, int limit, Time now) {
  // Without the write lock, so that an idle sweep holds up nobody.
  if (ESTEIRA_TRY(due(connection, 1, now)).empty()) return 0;
  auto transaction = ESTEIRA_TRY(Transaction::begin(connection));
  const auto expiries = ESTEIRA_TRY(due(connection, limit, now));
  auto finisher = ESTEIRA_TRY(Finisher::begin(connection, now));
  std::vector<TaskId> ended;
  for (const auto& expiry : expiries) {
    if (ESTEIRA_TRY(look_at(connection, finisher, expiry, now))) ended.push_back(expiry.task_id);
  }
  ESTEIRA_TRY(finisher.end());
  const auto told = ESTEIRA_TRY(tell_dependents(connection, now));
  ended.insert(ended.end(), told.ended.begin(), told.ended.end());
  ESTEIRA_TRY(write_change(connection, std::move(ended), now));
  ESTEIRA_TRY(transaction.commit());
  return static_cast<int>(expiries.size());
}

Expected<std::int64_t> count_waiting(Connection& connection, TypeId type_id, std::int64_t most) {
  auto query = ESTEIRA_TRY(connection.query(sql::count_waiting));
  query.bind(type_id, most);
  if (!ESTEIRA_TRY(query.step())) return 0;
  return std::min(query.integer(0), most);
}

}  // namespace esteira::sqlite
