#include "engines/sqlite/lane_reader.hpp"

#include <utility>

#include "engines/sqlite/claim.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

std::pair<Time, TaskId> place_of(const Candidate& candidate) {
  return {candidate.claim.run_at, candidate.claim.fence.task_id};
}

}  // namespace

Expected<Candidate> read_candidate(const Query& row, TypeId type_id, int priority) {
  Candidate candidate;
  auto& claim = candidate.claim;
  claim.type_id = type_id;
  claim.priority = priority;
  ESTEIRA_TRY(read_order(row, claim));
  claim.run_at = row.time(order_columns);
  claim.fence.task_id = row.integer(order_columns + 1);
  claim.retries = row.small(order_columns + 2);
  claim.crashes = row.small(order_columns + 3);
  claim.fence.attempt = row.small(order_columns + 4) + 1;
  candidate.flags = row.small(order_columns + 5);
  return candidate;
}

Expected<Candidate*> LaneReader::head() {
  if (next_ == candidates_.size() && !exhausted_) ESTEIRA_TRY(read_page());
  auto* stored = next_ < candidates_.size() ? &candidates_[next_] : nullptr;
  auto* arrived = arrived_ != nullptr && !arrived_->empty() ? &arrived_->front() : nullptr;
  arrived_first_ =
      arrived != nullptr && (stored == nullptr || place_of(*arrived) < place_of(*stored));
  return arrived_first_ ? arrived : stored;
}

Candidate LaneReader::take() {
  if (arrived_first_) {
    auto candidate = std::move(arrived_->front());
    arrived_->pop_front();
    return candidate;
  }
  auto& candidate = candidates_[next_++];
  taken_run_at_ = candidate.claim.run_at;
  taken_task_id_ = candidate.claim.fence.task_id;
  return std::move(candidate);
}

Expected<void> LaneReader::delete_taken() {
  if (taken_task_id_ == 0) return {};
  return connection_.run(sql::ready_take, lane_.type_id, lane_.priority, taken_run_at_,
                         taken_task_id_);
}

Expected<void> LaneReader::read_page() {
  candidates_.clear();
  next_ = 0;
  auto query = ESTEIRA_TRY(connection_.query(sql::ready_page));
  query.bind(lane_.type_id, lane_.priority, taken_run_at_, taken_task_id_, now_, page_);
  while (ESTEIRA_TRY(query.step())) {
    candidates_.push_back(ESTEIRA_TRY(read_candidate(query, lane_.type_id, lane_.priority)));
  }
  exhausted_ = std::ssize(candidates_) < page_;
  return {};
}

}  // namespace esteira::sqlite
