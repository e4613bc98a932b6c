#include "engines/sqlite/claim.hpp"

#include <algorithm>
#include <limits>

#include <boost/json/array.hpp>

#include "domain/lanes.hpp"
#include "engines/sqlite/operations.hpp"
#include "esteira/json.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

constexpr Time earliest = Time::min();

// A claimed task on its way into the answer, with what its lease notes of it.
struct Candidate {
  Claim claim;
  int flags = 0;
};

// The head of one lane, read a page at a time.
class LaneReader {
 public:
  LaneReader(Connection& connection, const Lane& lane, int page, Time now)
      : connection_(connection), lane_(lane), page_(page), now_(now) {}

  // The first task that was not taken yet; null: the lane is empty.
  Expected<Candidate*> head() {
    if (next_ == candidates_.size() && !exhausted_) ESTEIRA_TRY(read_page());
    return next_ < candidates_.size() ? &candidates_[next_] : nullptr;
  }
  Candidate take() {
    auto& candidate = candidates_[next_++];
    taken_run_at_ = candidate.claim.run_at;
    taken_task_id_ = candidate.claim.fence.task_id;
    return std::move(candidate);
  }
  // Deletes what was taken: always the lane's first rows, so one range.
  Expected<void> delete_taken() {
    if (taken_task_id_ == 0) return {};
    return connection_.run(sql::ready_take, lane_.type_id, lane_.priority, taken_run_at_,
                           taken_task_id_);
  }

 private:
  Expected<void> read_page() {
    candidates_.clear();
    next_ = 0;
    auto query = ESTEIRA_TRY(connection_.query(sql::ready_page));
    query.bind(lane_.type_id, lane_.priority, taken_run_at_, taken_task_id_, now_, page_);
    while (ESTEIRA_TRY(query.step())) candidates_.push_back(ESTEIRA_TRY(read(query)));
    exhausted_ = std::ssize(candidates_) < page_;
    return {};
  }
  Expected<Candidate> read(const Query& row) const {
    Candidate candidate;
    auto& claim = candidate.claim;
    claim.type_id = lane_.type_id;
    claim.priority = lane_.priority;
    ESTEIRA_TRY(read_order(row, claim));
    claim.run_at = row.time(order_columns);
    claim.fence.task_id = row.integer(order_columns + 1);
    claim.retries = row.small(order_columns + 2);
    claim.crashes = row.small(order_columns + 3);
    claim.fence.attempt = row.small(order_columns + 4) + 1;
    candidate.flags = row.small(order_columns + 5);
    return candidate;
  }

  Connection& connection_;
  Lane lane_;
  int page_;
  Time now_;
  std::vector<Candidate> candidates_;
  std::size_t next_ = 0;
  bool exhausted_ = false;
  Time taken_run_at_ = earliest;
  TaskId taken_task_id_ = 0;
};

// Takes from the lanes of a group, merged by (run_at, task_id), until `limit` are taken.
Expected<void> take_from(Connection& connection, const LaneGroup& group, int limit, Time now,
                         std::vector<Candidate>& taken) {
  // A lane alone gives all that is wanted in one page; of several, each gives its share first.
  const int wanted = limit - static_cast<int>(taken.size());
  const int page = group.size() == 1 ? wanted : wanted / static_cast<int>(group.size()) + 8;
  std::vector<LaneReader> readers;
  readers.reserve(group.size());
  for (const auto& lane : group) readers.emplace_back(connection, lane, page, now);
  while (std::ssize(taken) < limit) {
    LaneReader* best = nullptr;
    const Claim* first = nullptr;
    for (auto& reader : readers) {
      const auto* head = ESTEIRA_TRY(reader.head());
      if (head == nullptr) continue;
      if (first == nullptr || std::tie(head->claim.run_at, head->claim.fence.task_id) <
                                  std::tie(first->run_at, first->fence.task_id)) {
        best = &reader;
        first = &head->claim;
      }
    }
    if (best == nullptr) break;
    taken.push_back(best->take());
  }
  for (auto& reader : readers) ESTEIRA_TRY(reader.delete_taken());
  return {};
}

Expected<std::vector<Claim>> open_claims(Connection& connection, const LeaseId& lease_id) {
  LeaseBook leases(connection);
  std::vector<Claim> claims;
  for (auto& part : ESTEIRA_TRY(leases.parts(lease_id))) {
    for (auto& task : part.tasks) {
      if (!ESTEIRA_TRY(leases.is_open(task))) continue;
      claims.push_back(ESTEIRA_TRY(read_open_claim(connection, part, task)));
    }
  }
  return claims;
}

// Turns what was taken into claims under one lease.
Expected<std::vector<Claim>> lease_out(Connection& connection, std::vector<Candidate> taken,
                                       const ClaimRequest& request, const std::string& worker,
                                       Time now) {
  LeasePart part{.lease_id = request.lease_id,
                 .expires_at = now + request.lease,
                 .claimed_at = now,
                 .worker = worker};
  std::vector<Claim> claims;
  claims.reserve(taken.size());
  part.tasks.reserve(taken.size());
  for (auto& [claim, flags] : taken) {
    claim.fence.lease_id = request.lease_id;
    claim.started_at = now;
    claim.lease_expires_at = part.expires_at;
    part.tasks.push_back({.task_id = claim.fence.task_id,
                          .attempt = claim.fence.attempt,
                          .retries = claim.retries,
                          .crashes = claim.crashes,
                          .run_at = claim.run_at,
                          .flags = flags});
    if (claim.fence.attempt > 1) {
      claim.checkpoint = ESTEIRA_TRY(read_checkpoint(connection, claim.fence.task_id));
    }
    claims.push_back(std::move(claim));
  }
  ESTEIRA_TRY(insert_lease_part(connection, part));
  return claims;
}

Expected<void> add_lanes(Connection& connection, TypeId type_id, Time now,
                         std::vector<Lane>& lanes) {
  {
    auto claimable = ESTEIRA_TRY(connection.query(sql::type_claimable));
    claimable.bind(type_id);
    if (!ESTEIRA_TRY(claimable.step())) return {};
  }
  // From lane to lane by seeks: the rows of a lane are never read to find the next.
  std::int64_t below = std::numeric_limits<std::int64_t>::max();
  for (;;) {
    auto query = ESTEIRA_TRY(connection.query(sql::lane_next));
    query.bind(type_id, below);
    if (!ESTEIRA_TRY(query.step())) return {};
    below = query.integer(0);
    const Lane lane{.type_id = type_id, .priority = query.small(0), .head = query.time(1)};
    if (lane.head <= now) lanes.push_back(lane);
  }
}

}  // namespace

Expected<void> read_order(const Query& row, Claim& claim) {
  claim.max_retries = row.small(0);
  claim.scheduled_for = row.optional_time(1);
  claim.created_at = row.time(2);
  claim.timeout = row.optional_duration(3);
  claim.unique_key = row.optional_text(4);
  claim.traceparent = row.optional_text(5);
  if (!row.is_null(6)) claim.tags = ESTEIRA_TRY(read_texts(row.view(6)));
  claim.payload = row.text(7);
  if (!row.is_null(8)) claim.terms = read_task_terms(row.view(8));
  return {};
}

Expected<std::vector<std::string>> read_texts(std::string_view json) {
  const auto value = ESTEIRA_TRY(parse_json(json));
  std::vector<std::string> texts;
  if (!value.is_array()) return texts;
  for (const auto& item : value.get_array()) {
    if (item.is_string()) texts.emplace_back(item.get_string());
  }
  return texts;
}

Expected<std::optional<std::string>> read_checkpoint(Connection& connection, TaskId task_id) {
  auto query = ESTEIRA_TRY(connection.query(sql::checkpoint_find));
  query.bind(task_id);
  if (!ESTEIRA_TRY(query.step())) return std::nullopt;
  return query.text(0);
}

Expected<Claim> read_open_claim(Connection& connection, const LeasePart& part,
                                const HeldTask& task) {
  Claim claim;
  claim.fence = {.task_id = task.task_id, .attempt = task.attempt, .lease_id = part.lease_id};
  claim.retries = task.retries;
  claim.crashes = task.crashes;
  claim.run_at = task.run_at;
  claim.started_at = part.claimed_at;
  claim.lease_expires_at = part.expires_at;
  {
    auto query = ESTEIRA_TRY(connection.query(sql::request_order));
    query.bind(task.task_id);
    if (!ESTEIRA_TRY(query.step())) return fail(ErrorCode::internal, "a leased task has no order");
    ESTEIRA_TRY(read_order(query, claim));
    claim.type_id = query.small(order_columns);
    claim.priority = query.small(order_columns + 1);
  }
  {
    auto query = ESTEIRA_TRY(connection.query(sql::cancel_find));
    query.bind(task.task_id, task.attempt);
    claim.cancel_requested = ESTEIRA_TRY(query.step());
  }
  claim.checkpoint = ESTEIRA_TRY(read_checkpoint(connection, task.task_id));
  return claim;
}

Expected<std::vector<Lane>> due_lanes(Connection& connection, std::span<const TypeId> types,
                                      Time now) {
  std::vector<Lane> lanes;
  for (const auto type_id : types) ESTEIRA_TRY(add_lanes(connection, type_id, now, lanes));
  return lanes;
}

Expected<std::vector<Claim>> claim(Connection& connection, const ClaimRequest& request,
                                   const std::string& worker, Time now) {
  if (request.again) {
    auto claims = ESTEIRA_TRY(open_claims(connection, request.lease_id));
    if (!claims.empty()) return claims;
  }
  std::vector<Candidate> taken;
  if (request.limit <= 0) return std::vector<Claim>{};
  const auto lanes = ESTEIRA_TRY(due_lanes(connection, request.types, now));
  for (const auto& group : order_lanes(lanes, request.ageing, now)) {
    if (std::ssize(taken) >= request.limit) break;
    ESTEIRA_TRY(take_from(connection, group, request.limit, now, taken));
  }
  if (taken.empty()) return std::vector<Claim>{};
  return lease_out(connection, std::move(taken), request, worker, now);
}

Expected<std::optional<Time>> next_due(Connection& connection) {
  auto query = ESTEIRA_TRY(connection.query(sql::scheduled_first));
  if (!ESTEIRA_TRY(query.step())) return std::nullopt;
  return query.time(0);
}

Expected<int> promote(Connection& connection, int limit, Time now) {
  ESTEIRA_TRY(connection.run(sql::promote, now, limit));
  const int promoted = sqlite3_changes(connection.handle());
  if (promoted > 0) ESTEIRA_TRY(connection.run(sql::promoted_delete, now, promoted));
  return promoted;
}

Expected<bool> has_ready(Connection& connection, std::span<const TypeId> types, Time now) {
  for (const auto type_id : types) {
    std::vector<Lane> lanes;
    ESTEIRA_TRY(add_lanes(connection, type_id, now, lanes));
    if (!lanes.empty()) return true;
    auto query = ESTEIRA_TRY(connection.query(sql::scheduled_due));
    query.bind(type_id, now);
    if (ESTEIRA_TRY(query.step())) return true;
  }
  return false;
}

}  // namespace esteira::sqlite
