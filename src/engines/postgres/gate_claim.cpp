#include "engines/postgres/gate_claim.hpp"

#include <algorithm>
#include <bit>

#include "base/assert.hpp"
#include "engines/postgres/claim.hpp"
#include "engines/postgres/repository.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

namespace {

constexpr int type_columns = 21;
constexpr int flows_page_min = 16;
constexpr int flows_page_max = 256;

std::optional<StoredBucket> read_bucket(const Rows& rows, int row, int column) {
  if (rows.null(row, column)) return std::nullopt;
  return StoredBucket{.rate = std::string(rows.text(row, column)),
                      .credit = rows.integer(row, column + 1),
                      .at = rows.time(row, column + 2)};
}

// Of an ordered type: who comes first is waited for while somebody changes it, not passed over.
const std::string& ordered_turns() {
  static const std::string text = [] {
    constexpr std::string_view passes_over = " SKIP LOCKED";
    std::string turns{sql::gate_turns};
    return turns.erase(turns.find(passes_over), passes_over.size());
  }();
  return text;
}

// Few texts are prepared: powers of two.
int rounded(int number) {
  return static_cast<int>(std::bit_ceil(static_cast<unsigned>(std::max(number, 1))));
}

}  // namespace

Expected<std::vector<Claim>> GateClaim::run(std::span<const TypeId> types, int most) {
  ESTEIRA_TRY(open(types));
  for (const LaneGroup& group : order_lanes(ESTEIRA_TRY(lanes()), request_.ageing, now_)) {
    // Each lane of a rank gets its share.
    auto sharers = static_cast<int>(group.size());
    for (const Lane& lane : group) {
      const int left = most - static_cast<int>(taken_.size());
      if (left > 0) ESTEIRA_TRY(take(lane, (left + sharers - 1) / sharers));
      --sharers;
    }
  }
  ESTEIRA_TRY(close());
  if (taken_.empty()) return std::vector<Claim>{};
  ESTEIRA_TRY(lease());
  std::vector<Claim> claims;
  claims.reserve(taken_.size());
  for (Taken& taken : taken_) claims.push_back(std::move(taken.claim));
  return claims;
}

// What is read after the lock is what its last holder has left.
Expected<void> GateClaim::open(std::span<const TypeId> types) {
  ESTEIRA_TRY(transaction_.run(sql::gate_lock, Params{}.array<int>(types)));
  const Rows rows = ESTEIRA_TRY(transaction_.run(sql::gate_find, Params{}.array<int>(types)));
  for (int row = 0; row < rows.size(); ++row) {
    const TaskType type = ESTEIRA_TRY(read_type(rows, row));
    GateState state{.bucket = read_bucket(rows, row, type_columns + 3),
                    .cursor = std::string(rows.text(row, type_columns + 1)),
                    .taken = rows.small(row, type_columns + 2),
                    .breaker = type.breaker};
    const EndedCounts counts = ESTEIRA_TRY(ended(type));
    gates_.emplace(type.type_id,
                   Gate{type, rows.small(row, type_columns), std::move(state), now_, counts});
  }
  return {};
}

Expected<EndedCounts> GateClaim::ended(const TaskType& type) {
  if (!type.flow.breaker) return EndedCounts{};
  const Time from = counts_from(*type.flow.breaker, type.breaker, now_);
  const Rows rows =
      ESTEIRA_TRY(transaction_.run(sql::gate_ended, Params{}.add(type.type_id).add(from)));
  return EndedCounts{.ended = rows.integer(0, 0), .failed = rows.integer(0, 1)};
}

Expected<std::vector<Lane>> GateClaim::lanes() {
  std::vector<TypeId> types;
  for (const auto& [type_id, gate] : gates_) types.push_back(type_id);
  const Rows rows = ESTEIRA_TRY(transaction_.run(sql::gate_lanes, Params{}.array<int>(types)));
  std::vector<Lane> lanes;
  for (int row = 0; row < rows.size(); ++row) {
    const Lane lane{
        .type_id = rows.small(row, 0), .priority = rows.small(row, 1), .head = rows.time(row, 2)};
    if (lane.head <= now_) lanes.push_back(lane);
  }
  return lanes;
}

Expected<void> GateClaim::take(const Lane& lane, int wanted) {
  Gate& gate = gates_.at(lane.type_id);
  const std::size_t before = taken_.size();
  const auto still = [&] { return wanted - static_cast<int>(taken_.size() - before); };
  ESTEIRA_TRY(take_ready(gate, lane, still()));
  while (still() > 0 && gate.room(still()) > 0) {
    if (ESTEIRA_TRY(take_round(gate, lane, still())) == 0) break;
  }
  return {};
}

Expected<void> GateClaim::take_ready(Gate& gate, const Lane& lane, int wanted) {
  const int most = gate.room(wanted);
  if (most == 0) return {};
  const Rows rows = ESTEIRA_TRY(transaction_.run(inlined(sql::gate_ready, ":limit", rounded(most)),
                                                 Params{}
                                                     .add(lane.type_id)
                                                     .add(lane.priority)
                                                     .add(now_)
                                                     .add(std::int64_t{most})
                                                     .add(gate.tokens())));
  gate.start(rows.size());
  add(rows, /*kept_slot=*/false);
  gate.charge(last_cost(rows.size()) - rows.size());
  return {};
}

Expected<std::vector<FlowState>> GateClaim::flows(const Lane& lane, const std::string& key, bool at,
                                                  int limit) {
  const Rows rows = ESTEIRA_TRY(transaction_.run(
      inlined(sql::gate_flows, ":limit", limit),
      Params{}.add(lane.type_id).add(lane.priority).add(std::string_view{key}).add(at)));
  std::vector<FlowState> flows;
  for (int row = 0; row < rows.size(); ++row) {
    flows.push_back({.key = std::string(rows.text(row, 0)),
                     .running = rows.small(row, 1),
                     .held = rows.truth(row, 2),
                     .holder_waits = rows.truth(row, 3),
                     .bucket = read_bucket(rows, row, 4)});
  }
  return flows;
}

Expected<int> GateClaim::take_round(Gate& gate, const Lane& lane, int wanted) {
  const std::string begin = gate.cursor();
  const bool at = gate.turn_unfinished() || begin.empty();
  const int page = std::clamp(rounded(wanted), flows_page_min, flows_page_max);
  int count = 0;
  // From the cursor to the last key, then from the first one to the cursor.
  std::string key = begin;
  bool inclusive = at;
  bool wrapped = false;
  while (count < wanted && visits_left_ > 0) {
    std::vector<Turn> turns;
    const auto tokens = gate.tokens();
    const auto found = ESTEIRA_TRY(flows(lane, key, inclusive, page));
    int planned = 0;
    bool around = false;
    bool whole = true;
    for (const FlowState& flow : found) {
      around = wrapped && (flow.key > begin || (at && flow.key == begin));
      whole = !around && count + planned < wanted && visits_left_ > 0;
      if (!whole) break;
      --visits_left_;
      const int most = gate.turn(flow, wanted - count - planned);
      if (visits_left_ == 0) gate.pass_over(flow.key);
      key = flow.key;
      inclusive = false;
      if (most == 0) continue;
      turns.push_back({.flow = flow, .count = most, .tokens = gate.tokens(flow)});
      gate.start(flow, most);
      planned += most;
    }
    count += ESTEIRA_TRY(take_turns(gate, lane, turns, tokens));
    if (around || (wrapped && found.empty())) break;
    if (!whole || static_cast<int>(found.size()) == page || wrapped) continue;
    wrapped = true;
    key.clear();
    inclusive = true;
  }
  return count;
}

std::int64_t GateClaim::last_cost(int count) const {
  std::int64_t cost = 0;
  for (auto taken = taken_.rbegin(); count > 0; ++taken, --count) {
    cost += taken->claim.terms.rate_cost;
  }
  return cost;
}

Expected<int> GateClaim::take_turns(Gate& gate, const Lane& lane, const std::vector<Turn>& turns,
                                    std::int64_t tokens) {
  if (turns.empty()) return 0;
  Params params;
  params.add(lane.type_id)
      .add(lane.priority)
      .array<std::string_view>(turns, [](const Turn& t) { return std::string_view{t.flow.key}; })
      .array<int>(turns, [](const Turn& t) { return t.count; })
      .array<bool>(turns, [&](const Turn& t) { return gate.ordered() && t.flow.held; })
      .array<std::int64_t>(turns, [](const Turn& t) { return t.tokens; })
      .add(tokens);
  const Rows rows = ESTEIRA_TRY(transaction_.run(
      gate.ordered() ? std::string_view{ordered_turns()} : sql::gate_turns, params));
  add(rows, gate.ordered());
  struct Started {
    int count = 0;
    std::int64_t cost = 0;
  };
  std::map<std::string, Started> started;
  for (int row = 0; row < rows.size(); ++row) {
    const auto& terms =
        taken_[taken_.size() - static_cast<std::size_t>(rows.size() - row)].claim.terms;
    Started& flow = started[terms.flow_key.value_or("")];
    ++flow.count;
    flow.cost += terms.rate_cost;
  }
  for (const Turn& turn : turns) {
    const auto& [count, cost] = started[turn.flow.key];
    gate.give_back(turn.flow, turn.count - count);
    gate.charge(turn.flow, cost - count);
  }
  return rows.size();
}

void GateClaim::add(const Rows& rows, bool kept_slot) {
  for (int row = 0; row < rows.size(); ++row) {
    Claim claim = read_claim(rows, row, request_.lease_id);
    claim.started_at = now_;
    claim.lease_expires_at = now_ + request_.lease;
    taken_.push_back(
        {.claim = std::move(claim), .keyed = rows.truth(row, 17), .kept_slot = kept_slot});
  }
}

Expected<void> GateClaim::lease() {
  Params params;
  params.add(request_.lease_id)
      .add(part_)
      .add(worker_)
      .add(now_)
      .add(now_ + request_.lease)
      .array<std::int64_t>(taken_, [](const Taken& t) { return t.claim.fence.task_id; })
      .array<int>(taken_, [](const Taken& t) { return t.claim.fence.attempt; })
      .array<Time>(taken_, [](const Taken& t) { return t.claim.run_at; })
      .array<int>(taken_, [](const Taken& t) { return t.claim.retries; })
      .array<int>(taken_, [](const Taken& t) { return t.claim.crashes; })
      .array<int>(taken_, [](const Taken& t) { return t.claim.type_id; })
      .array<bool>(taken_, [](const Taken& t) { return t.keyed; })
      .array<bool>(taken_, [](const Taken& t) { return t.kept_slot; })
      .array<std::string_view>(taken_, [](const Taken& t) -> std::optional<std::string_view> {
        if (!t.claim.terms.flow_key) return std::nullopt;
        return *t.claim.terms.flow_key;
      });
  ESTEIRA_TRY(transaction_.run(sql::gate_lease, params));
  return {};
}

Expected<void> GateClaim::close() {
  for (const auto& [type_id, gate] : gates_) {
    if (!gate.changed()) continue;
    const GateState state = gate.state();
    Params params;
    params.add(type_id).add(std::string_view{state.cursor}).add(state.taken);
    if (state.bucket) {
      params.add(std::string_view{state.bucket->rate})
          .add(state.bucket->credit)
          .add(state.bucket->at);
    } else {
      params.null<std::string_view>().null<std::int64_t>().null<Time>();
    }
    if (state.breaker == BreakerState{}) {
      params.null<std::string_view>();
    } else {
      params.add(to_text(state.breaker));
    }
    ESTEIRA_TRY(transaction_.run(sql::gate_put, params));
    const auto buckets = gate.flow_buckets();
    if (buckets.empty()) continue;
    Params many;
    many.add(type_id)
        .array<std::string_view>(buckets, [](const auto& b) { return std::string_view{b.first}; })
        .array<std::string_view>(buckets,
                                 [](const auto& b) { return std::string_view{b.second.rate}; })
        .array<std::int64_t>(buckets, [](const auto& b) { return b.second.credit; })
        .array<Time>(buckets, [](const auto& b) { return b.second.at; })
        .array<Time>(buckets, [](const auto& b) { return b.second.full_at; });
    ESTEIRA_TRY(transaction_.run(sql::gate_flow_buckets_put, many));
  }
  return {};
}

std::optional<Time> GateClaim::next_at() const {
  std::optional<Time> soonest;
  for (const auto& [type_id, gate] : gates_) {
    if (gate.next_at()) soonest = std::min(soonest.value_or(*gate.next_at()), *gate.next_at());
  }
  return soonest;
}

// The tick is committed: what goes wrong from here on only makes the claim short, but for an answer
// that is lost, which is asked for once more.
void Repository::add_gated(const TickRequest& request, Time now, TickAnswer& answer) {
  const ClaimRequest& claim = *request.claim;
  const int left = claim.limit - static_cast<int>(answer.claims.size());
  const int most = std::min(left, claim.gated_limit.value_or(left));
  const auto waiting = connection_.read(sql::gate_waiting, Params{}.array<int>(claim.gated));
  gated_wait_ = waiting && waiting->size() > 0;
  if (!gated_wait_ || most <= 0) return;
  std::vector<TypeId> types;
  for (int row = 0; row < waiting->size(); ++row) types.push_back(waiting->small(row, 0));
  auto gated = claim_gated(request, types, most, now);
  if (!gated && gated.error().code == ErrorCode::in_doubt) {
    const auto again = claim_again(claim);
    if (!again || !*again) return;
    const auto known = [&](const Claim& one) {
      return std::ranges::any_of(answer.claims,
                                 [&](const Claim& other) { return other.fence == one.fence; });
    };
    for (const Claim& one : **again) {
      if (!known(one)) answer.claims.push_back(one);
    }
    return;
  }
  if (!gated) return;
  for (Claim& one : gated->claims) answer.claims.push_back(std::move(one));
  if (gated->next_at) {
    answer.next_due_at = std::min(answer.next_due_at.value_or(*gated->next_at), *gated->next_at);
  }
}

Expected<Repository::GatedClaims> Repository::claim_gated(const TickRequest& request,
                                                          std::span<const TypeId> types, int most,
                                                          Time now) {
  // The parts before are the tick's own and what it claimed after it.
  constexpr int part = 2;
  Transaction transaction{connection_};
  ESTEIRA_TRY(transaction.begin());
  GateClaim claim{transaction, *request.claim, request.worker, part, now};
  GatedClaims gated{.claims = ESTEIRA_TRY(claim.run(types, most)), .next_at = claim.next_at()};
  ESTEIRA_TRY(transaction.commit());
  return gated;
}

}  // namespace esteira::postgres
