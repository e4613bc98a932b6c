#include "engines/sqlite/claim.hpp"

#include <algorithm>
#include <limits>

#include <boost/json/array.hpp>

#include "domain/lanes.hpp"
#include "engines/sqlite/gate_book.hpp"
#include "engines/sqlite/lane_reader.hpp"
#include "engines/sqlite/operations.hpp"
#include "engines/sqlite/unique.hpp"
#include "engines/sqlite/waiting.hpp"
#include "esteira/json.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

// Takes from the lanes of a group, merged by (run_at, task_id), until `limit` are taken.
Expected<void> take_from(Connection& connection, const LaneGroup& group, int limit, Time now,
                         Arrivals& arrivals, std::vector<Candidate>& taken) {
  // A lane alone gives all that is wanted in one page; of several, each gives its share first.
  const int wanted = limit - static_cast<int>(taken.size());
  if (group.empty() || wanted <= 0) return {};
  const int page = group.size() == 1 ? wanted : wanted / static_cast<int>(group.size()) + 8;
  std::vector<LaneReader> readers;
  readers.reserve(group.size());
  for (const auto& lane : group) readers.emplace_back(connection, lane, page, now, arrivals);
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

// The lanes of one rank.
struct RankedLanes {
  LaneGroup plain;
  LaneGroup gated;
};

std::vector<RankedLanes> ranked(const DueLanes& due, Duration ageing, Time now) {
  auto all = due.plain;
  all.insert(all.end(), due.gated.begin(), due.gated.end());
  std::vector<RankedLanes> groups;
  for (auto& group : order_lanes(std::move(all), ageing, now)) {
    auto& ranked = groups.emplace_back();
    for (auto& lane : group) {
      const bool gated = std::ranges::find(due.gated, lane) != due.gated.end();
      (gated ? ranked.gated : ranked.plain).push_back(lane);
    }
  }
  return groups;
}

// Each gated lane of a rank gets its share, and so do the plain lanes together: a backlog behind a
// gate that lets everything through holds up nobody.
Expected<void> take_gated(GateBook& gates, const RankedLanes& group, int limit,
                          std::vector<Candidate>& taken) {
  const auto plain = group.plain.empty() ? 0 : 1;
  auto sharers = static_cast<int>(std::ssize(group.gated)) + plain;
  for (const auto& lane : group.gated) {
    const int left = limit - static_cast<int>(std::ssize(taken));
    ESTEIRA_TRY(gates.take(lane, (left + sharers - 1) / sharers, taken));
    --sharers;
  }
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
                                       GateBook& gates, const ClaimRequest& request,
                                       const std::string& worker, Time now) {
  LeasePart part{.lease_id = request.lease_id,
                 .expires_at = now + request.lease,
                 .claimed_at = now,
                 .worker = worker};
  std::vector<Claim> claims;
  claims.reserve(taken.size());
  part.tasks.reserve(taken.size());
  for (auto& candidate : taken) {
    auto& claim = candidate.claim;
    if ((candidate.flags & flag_unique_start) != 0) ESTEIRA_TRY(start_key(connection, claim));
    if (candidate.gated) {
      candidate.flags |= flag_slot;
      ESTEIRA_TRY(gates.take_slot(candidate));
    }
    claim.fence.lease_id = request.lease_id;
    claim.started_at = now;
    claim.lease_expires_at = part.expires_at;
    part.tasks.push_back({.task_id = claim.fence.task_id,
                          .attempt = claim.fence.attempt,
                          .retries = claim.retries,
                          .crashes = claim.crashes,
                          .run_at = claim.run_at,
                          .flags = candidate.flags & ~flag_unique_start});
    if (claim.fence.attempt > 1) {
      claim.checkpoint = ESTEIRA_TRY(read_checkpoint(connection, claim.fence.task_id));
    }
    claims.push_back(std::move(claim));
  }
  ESTEIRA_TRY(insert_lease_part(connection, part));
  return claims;
}

// The lanes of flows. What stands there is due.
Expected<void> add_queued_lanes(Connection& connection, TypeId type_id, std::vector<Lane>& lanes) {
  std::int64_t below = std::numeric_limits<std::int64_t>::max();
  for (;;) {
    auto query = ESTEIRA_TRY(connection.query(sql::queued_lanes));
    query.bind(type_id, below);
    if (!ESTEIRA_TRY(query.step())) return {};
    below = query.integer(0);
    lanes.push_back({.type_id = type_id, .priority = query.small(0), .head = query.time(1)});
  }
}

// A lane that has arrivals may have rows too, and then has one head.
void add_arrived(const Lane& arrived, std::vector<Lane>& lanes) {
  const auto same = std::ranges::find_if(lanes, [&](const Lane& lane) {
    return lane.type_id == arrived.type_id && lane.priority == arrived.priority;
  });
  if (same == lanes.end()) {
    lanes.push_back(arrived);
  } else {
    same->head = std::min(same->head, arrived.head);
  }
}

Expected<void> add_lanes(Connection& connection, TypeId type_id, Time now, const Arrivals& arrivals,
                         DueLanes& due) {
  bool gated = false;
  {
    auto claimable = ESTEIRA_TRY(connection.query(sql::type_claimable));
    claimable.bind(type_id);
    if (!ESTEIRA_TRY(claimable.step())) return {};
    gated = claimable.small(0) != 0;
  }
  auto& lanes = gated ? due.gated : due.plain;
  if (gated) ESTEIRA_TRY(add_queued_lanes(connection, type_id, lanes));
  // From lane to lane by seeks: the rows of a lane are never read to find the next.
  std::int64_t below = std::numeric_limits<std::int64_t>::max();
  for (;;) {
    auto query = ESTEIRA_TRY(connection.query(sql::lane_next));
    query.bind(type_id, below);
    if (!ESTEIRA_TRY(query.step())) break;
    below = query.integer(0);
    const Lane lane{.type_id = type_id, .priority = query.small(0), .head = query.time(1)};
    if (lane.head <= now) lanes.push_back(lane);
  }
  for (const auto& lane : arrivals.lanes(type_id)) add_arrived(lane, lanes);
  return {};
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

Expected<DueLanes> due_lanes(Connection& connection, std::span<const TypeId> types, Time now,
                             const Arrivals& arrivals) {
  DueLanes due;
  for (const auto type_id : types) ESTEIRA_TRY(add_lanes(connection, type_id, now, arrivals, due));
  return due;
}

Expected<ClaimAnswer> claim(Connection& connection, const ClaimRequest& request,
                            const std::string& worker, Time now, Arrivals& arrivals) {
  if (request.again) {
    auto claims = ESTEIRA_TRY(open_claims(connection, request.lease_id));
    if (!claims.empty()) return ClaimAnswer{.claims = std::move(claims)};
  }
  if (request.limit <= 0) return ClaimAnswer{};
  std::vector<Candidate> taken;
  GateBook gates(connection, request.gated_limit.value_or(request.limit), now, arrivals);
  const auto due = ESTEIRA_TRY(due_lanes(connection, request.types, now, arrivals));
  for (const auto& group : ranked(due, request.ageing, now)) {
    if (std::ssize(taken) >= request.limit) break;
    ESTEIRA_TRY(take_gated(gates, group, request.limit, taken));
    ESTEIRA_TRY(take_from(connection, group.plain, request.limit, now, arrivals, taken));
  }
  ESTEIRA_TRY(gates.close());
  ClaimAnswer answer{.next_at = gates.next_at()};
  if (taken.empty()) return answer;
  answer.claims = ESTEIRA_TRY(lease_out(connection, std::move(taken), gates, request, worker, now));
  return answer;
}

Expected<std::optional<Time>> next_due(Connection& connection) {
  auto query = ESTEIRA_TRY(connection.query(sql::scheduled_first));
  if (!ESTEIRA_TRY(query.step())) return std::nullopt;
  return query.time(0);
}

Expected<int> promote(Connection& connection, int limit, Time now) {
  if (limit <= 0) return 0;
  Time run_at = now;
  TaskId task_id = std::numeric_limits<TaskId>::max();
  {
    auto last = ESTEIRA_TRY(connection.query(sql::promote_last));
    last.bind(now, limit);
    if (ESTEIRA_TRY(last.step())) {
      run_at = last.time(0);
      task_id = last.integer(1);
    }
  }
  ESTEIRA_TRY(connection.run(sql::promote, run_at, task_id));
  ESTEIRA_TRY(connection.run(sql::promote_queued, run_at, task_id));
  ESTEIRA_TRY(connection.run(sql::promoted_delete, run_at, task_id));
  return sqlite3_changes(connection.handle());
}

Expected<bool> has_ready(Connection& connection, std::span<const TypeId> types, Time now) {
  for (const auto type_id : types) {
    DueLanes due;
    ESTEIRA_TRY(add_lanes(connection, type_id, now, Arrivals{}, due));
    if (!due.empty()) return true;
    auto query = ESTEIRA_TRY(connection.query(sql::scheduled_due));
    query.bind(type_id, now);
    if (ESTEIRA_TRY(query.step())) return true;
  }
  return false;
}

}  // namespace esteira::sqlite
