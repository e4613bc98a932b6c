#include "engines/sqlite/arrivals.hpp"

#include <algorithm>

#include "engines/sqlite/claim.hpp"
#include "engines/sqlite/waiting.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

WaitingTask waiting_of(const Candidate& candidate) {
  const auto& claim = candidate.claim;
  return {.type_id = claim.type_id,
          .priority = claim.priority,
          .run_at = claim.run_at,
          .task_id = claim.fence.task_id,
          .retries = claim.retries,
          .crashes = claim.crashes,
          .attempt = claim.fence.attempt - 1,
          .flags = candidate.flags};
}

}  // namespace

Expected<void> Arrivals::take(Connection& connection, int limit, Time now) {
  std::vector<WaitingTask> flowing;
  Time run_at{};
  TaskId task_id = 0;
  {
    auto query = ESTEIRA_TRY(connection.query(sql::scheduled_page));
    query.bind(now, limit);
    while (ESTEIRA_TRY(query.step())) {
      auto candidate = ESTEIRA_TRY(
          read_candidate(query, query.small(order_columns + 6), query.small(order_columns + 7)));
      ++count_;
      run_at = candidate.claim.run_at;
      task_id = candidate.claim.fence.task_id;
      if ((candidate.flags & flag_flow) != 0) {
        flowing.push_back(waiting_of(candidate));
      } else {
        rows_[{candidate.claim.type_id, candidate.claim.priority}].push_back(std::move(candidate));
      }
    }
  }
  if (count_ == 0) return {};
  ESTEIRA_TRY(connection.run(sql::promoted_delete, run_at, task_id));
  for (const auto& task : flowing) ESTEIRA_TRY(put_waiting(connection, task, now));
  return {};
}

bool Arrivals::any_left() const {
  return std::ranges::any_of(rows_, [](const auto& each) { return !each.second.empty(); });
}

std::vector<Lane> Arrivals::lanes(TypeId type_id) const {
  std::vector<Lane> lanes;
  for (const auto& [key, row] : rows_) {
    if (key.first != type_id || row.empty()) continue;
    lanes.push_back({.type_id = type_id, .priority = key.second, .head = row.front().claim.run_at});
  }
  return lanes;
}

Arrivals::Row* Arrivals::of(const Lane& lane) {
  const auto found = rows_.find({lane.type_id, lane.priority});
  return found == rows_.end() ? nullptr : &found->second;
}

Expected<void> Arrivals::put_rest(Connection& connection, Time now) {
  for (auto& [key, row] : rows_) {
    for (const auto& candidate : row) {
      ESTEIRA_TRY(put_waiting(connection, waiting_of(candidate), now));
    }
    row.clear();
  }
  return {};
}

}  // namespace esteira::sqlite
