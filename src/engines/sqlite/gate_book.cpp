#include "engines/sqlite/gate_book.hpp"

#include <algorithm>

#include "domain/limits.hpp"
#include "engines/sqlite/claim.hpp"
#include "engines/sqlite/lane_reader.hpp"
#include "engines/sqlite/operations.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

constexpr int type_columns = 21;

std::optional<StoredBucket> read_bucket(const Query& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return StoredBucket{
      .rate = row.text(column), .credit = row.integer(column + 1), .at = row.time(column + 2)};
}

std::optional<std::string> kept_text(const BreakerState& state) {
  return state == BreakerState{} ? std::nullopt : std::optional(to_text(state));
}

}  // namespace

Expected<Gate*> GateBook::open(TypeId type_id) {
  const auto found = gates_.find(type_id);
  if (found != gates_.end()) return &found->second;
  auto query = ESTEIRA_TRY(connection_.query(sql::gate_find));
  query.bind(type_id);
  if (!ESTEIRA_TRY(query.step())) return nullptr;
  const auto type = ESTEIRA_TRY(read_type(query));
  GateState state{.bucket = read_bucket(query, type_columns + 3), .breaker = type.breaker};
  if (!query.is_null(type_columns + 1)) {
    state.cursor = query.text(type_columns + 1);
    state.taken = query.small(type_columns + 2);
  }
  const int running = query.small(type_columns);
  const auto counts = ESTEIRA_TRY(ended(type));
  Gate gate(type, running, std::move(state), now_, counts);
  return &gates_.emplace(type_id, std::move(gate)).first->second;
}

Expected<EndedCounts> GateBook::ended(const TaskType& type) {
  if (!type.flow.breaker) return EndedCounts{};
  const auto from = counts_from(*type.flow.breaker, type.breaker, now_);
  auto query = ESTEIRA_TRY(connection_.query(sql::gate_ended));
  query.bind(type.type_id,
             std::chrono::floor<std::chrono::minutes>(from).time_since_epoch().count());
  static_cast<void>(ESTEIRA_TRY(query.step()));
  return EndedCounts{.ended = query.integer(0), .failed = query.integer(1)};
}

Expected<void> GateBook::take(const Lane& lane, int wanted, std::vector<Candidate>& taken) {
  auto* gate = ESTEIRA_TRY(open(lane.type_id));
  if (gate == nullptr) return {};
  const auto before = std::ssize(taken);
  const auto still = [&] {
    return std::min(left_, wanted) - static_cast<int>(std::ssize(taken) - before);
  };
  ESTEIRA_TRY(take_ready(*gate, lane, still(), taken));
  while (still() > 0 && gate->room(still()) > 0) {
    if (ESTEIRA_TRY(take_turns(*gate, lane, still(), taken)) == 0) break;
  }
  left_ -= static_cast<int>(std::ssize(taken) - before);
  return {};
}

Expected<void> GateBook::take_ready(Gate& gate, const Lane& lane, int wanted,
                                    std::vector<Candidate>& taken) {
  const int most = gate.room(wanted);
  if (most == 0) return {};
  LaneReader reader(connection_, lane, most, now_, arrivals_);
  const auto tokens = gate.tokens();
  std::int64_t cost = 0;
  int count = 0;
  while (count < most && cost < tokens && ESTEIRA_TRY(reader.head()) != nullptr) {
    taken.push_back(reader.take());
    taken.back().gated = true;
    cost += taken.back().claim.terms.rate_cost;
    ++count;
  }
  gate.start(count);
  gate.charge(cost - count);
  return reader.delete_taken();
}

Expected<std::optional<std::string>> GateBook::next_flow(const Lane& lane, const std::string& key,
                                                         bool at) {
  auto query = ESTEIRA_TRY(connection_.query(sql::queued_flow_next));
  query.bind(lane.type_id, lane.priority, key, at);
  if (!ESTEIRA_TRY(query.step())) return std::nullopt;
  return query.text(0);
}

Expected<int> GateBook::take_turns(Gate& gate, const Lane& lane, int wanted,
                                   std::vector<Candidate>& taken) {
  const std::string begin = gate.cursor();
  const bool at = gate.turn_unfinished() || begin.empty();
  int count = 0;
  // From the cursor to the last key, then from the first one to the cursor.
  auto key = ESTEIRA_TRY(next_flow(lane, begin, at));
  bool wrapped = false;
  while (count < wanted && visits_left_ > 0) {
    if (!key) {
      if (wrapped) break;
      wrapped = true;
      key = ESTEIRA_TRY(next_flow(lane, "", true));
      continue;
    }
    if (wrapped && (*key > begin || (at && *key == begin))) break;
    --visits_left_;
    count += ESTEIRA_TRY(take_turn(gate, lane, *key, wanted - count, taken));
    // The next claim goes on where this one had seen enough of flows that may not start anything.
    if (visits_left_ == 0) gate.pass_over(*key);
    key = ESTEIRA_TRY(next_flow(lane, *key, false));
  }
  return count;
}

Expected<int> GateBook::take_turn(Gate& gate, const Lane& lane, const std::string& flow_key,
                                  int wanted, std::vector<Candidate>& taken) {
  FlowState flow{.key = flow_key};
  {
    auto query = ESTEIRA_TRY(connection_.query(sql::queued_flow_state));
    query.bind(lane.type_id, flow_key);
    static_cast<void>(ESTEIRA_TRY(query.step()));
    flow.running = query.small(0);
    flow.held = query.small(1) != 0;
    flow.holder_waits = query.small(2) != 0;
    flow.bucket = read_bucket(query, 3);
  }
  const int most = gate.turn(flow, wanted);
  if (most == 0) return 0;
  std::vector<TaskId> ids;
  const auto tokens = std::min(gate.tokens(), gate.tokens(flow));
  std::int64_t cost = 0;
  {
    auto query = ESTEIRA_TRY(connection_.query(sql::queued_page));
    query.bind(lane.type_id, lane.priority, flow_key, most, gate.ordered() && flow.held);
    while (cost < tokens && ESTEIRA_TRY(query.step())) {
      taken.push_back(
          ESTEIRA_TRY(read_candidate(query, lane.type_id, query.small(order_columns + 6))));
      taken.back().gated = true;
      taken.back().kept_slot = gate.ordered();
      ids.push_back(taken.back().claim.fence.task_id);
      cost += taken.back().claim.terms.rate_cost;
    }
  }
  for (const auto task_id : ids) ESTEIRA_TRY(connection_.run(sql::queued_delete, task_id));
  const auto count = static_cast<int>(ids.size());
  gate.start(flow, count);
  gate.charge(flow, cost - count);
  return count;
}

Expected<void> GateBook::take_slot(const Candidate& candidate) {
  const auto& claim = candidate.claim;
  return connection_.run(sql::slot_take, claim.fence.task_id, claim.type_id, claim.terms.flow_key,
                         candidate.kept_slot);
}

Expected<void> GateBook::close() {
  for (const auto& [type_id, gate] : gates_) {
    if (!gate.changed()) continue;
    const auto state = gate.state();
    std::optional<std::string> rate;
    std::optional<std::int64_t> credit;
    std::optional<Time> at;
    if (state.bucket) {
      rate = state.bucket->rate;
      credit = state.bucket->credit;
      at = state.bucket->at;
    }
    ESTEIRA_TRY(connection_.run(sql::gate_put, type_id, state.cursor, state.taken, rate, credit, at,
                                kept_text(state.breaker)));
    for (const auto& [key, bucket] : gate.flow_buckets()) {
      ESTEIRA_TRY(connection_.run(sql::flow_bucket_put, type_id, key, bucket.rate, bucket.credit,
                                  bucket.at, bucket.full_at));
    }
  }
  return {};
}

std::optional<Time> GateBook::next_at() const {
  std::optional<Time> soonest;
  for (const auto& [type_id, gate] : gates_) {
    if (gate.next_at()) soonest = std::min(soonest.value_or(*gate.next_at()), *gate.next_at());
  }
  return soonest;
}

}  // namespace esteira::sqlite
