#include "domain/gate.hpp"

#include <algorithm>
#include <limits>

namespace esteira {
namespace {

StoredBucket stored(const TokenBucket& bucket) {
  return {.rate = to_text(bucket.rate()),
          .credit = bucket.credit(),
          .at = Time{bucket.at()},
          .full_at = Time{bucket.full_at()}};
}

TokenBucket restored(const Rate& rate, const std::optional<StoredBucket>& kept, Duration now) {
  if (!kept || kept->rate != to_text(rate)) return {rate, now};
  return {rate, kept->credit, kept->at.time_since_epoch()};
}

int at_most(int wanted, std::int64_t most) {
  return static_cast<int>(std::clamp<std::int64_t>(most, 0, wanted));
}

}  // namespace

bool is_gated(const TaskType& type) {
  return type.concurrency || known_rate(type.rate) || type.flow.key || type.flow.breaker;
}

Gate::Gate(const TaskType& type, int running, GateState state, Time now, const EndedCounts& counts)
    : concurrency_(type.concurrency),
      flow_concurrency_(type.flow.key_concurrency),
      flow_rate_(known_rate(type.flow.key_rate)),
      ordered_(type.flow.ordered),
      weights_(type.flow.weights),
      breaker_(type.flow.breaker),
      now_(now.time_since_epoch()),
      running_(running),
      kept_(std::move(state)),
      state_(kept_) {
  state_.breaker = breaker_ ? advance(*breaker_, kept_.breaker, counts, now) : BreakerState{};
  if (const auto rate = known_rate(type.rate)) bucket_ = restored(*rate, state_.bucket, now_);
}

int Gate::room(int wanted) {
  if (state_.breaker.phase == BreakerPhase::open) {
    next_at_ = std::min(next_at_.value_or(state_.breaker.until), state_.breaker.until);
    return 0;
  }
  if (state_.breaker.phase == BreakerPhase::half_open) {
    wanted = at_most(wanted, breaker_->probes - running_);
  }
  if (concurrency_) wanted = at_most(wanted, *concurrency_ - running_);
  if (bucket_) wanted = spend(*bucket_, wanted);
  return std::max(wanted, 0);
}

int Gate::turn(const FlowState& flow, int wanted) {
  wanted = room(wanted);
  const auto begun = started_.find(flow.key);
  const int started = begun == started_.end() ? 0 : begun->second;
  if (ordered_) {
    const bool free = flow.held ? flow.holder_waits : true;
    wanted = at_most(wanted, free && started == 0 ? 1 : 0);
  } else if (flow_concurrency_) {
    wanted = at_most(wanted, *flow_concurrency_ - flow.running - started);
  }
  const int spent = flow.key == state_.cursor ? state_.taken : 0;
  const int share = weight(flow.key);
  wanted = at_most(wanted, spent < share ? share - spent : share);
  auto* bucket = wanted > 0 ? bucket_of(flow) : nullptr;
  return bucket == nullptr ? wanted : spend(*bucket, wanted);
}

void Gate::start(int count) {
  running_ += count;
  started_any_ = started_any_ || count > 0;
  for (int i = 0; bucket_ && i < count; ++i) static_cast<void>(bucket_->take(now_));
}

void Gate::start(const FlowState& flow, int count) {
  if (count == 0) return;
  start(count);
  started_[flow.key] += count;
  auto* bucket = bucket_of(flow);
  for (int i = 0; bucket != nullptr && i < count; ++i) static_cast<void>(bucket->take(now_));
  const int share = weight(flow.key);
  const int spent = flow.key == state_.cursor && state_.taken < share ? state_.taken : 0;
  state_.cursor = flow.key;
  state_.taken = spent + count;
}

std::int64_t Gate::tokens() const {
  return bucket_ ? bucket_->tokens(now_) : std::numeric_limits<std::int64_t>::max();
}

std::int64_t Gate::tokens(const FlowState& flow) {
  auto* bucket = bucket_of(flow);
  return bucket == nullptr ? std::numeric_limits<std::int64_t>::max() : bucket->tokens(now_);
}

void Gate::charge(std::int64_t more) {
  if (bucket_ && more > 0) bucket_->owe(more);
}

void Gate::charge(const FlowState& flow, std::int64_t more) {
  if (more <= 0) return;
  charge(more);
  if (auto* bucket = bucket_of(flow); bucket != nullptr) bucket->owe(more);
}

void Gate::give_back(const FlowState& flow, int count) {
  if (count <= 0) return;
  running_ -= count;
  started_[flow.key] -= count;
  if (bucket_) bucket_->put_back(count);
  if (auto* bucket = bucket_of(flow); bucket != nullptr) bucket->put_back(count);
  if (state_.cursor == flow.key) state_.taken = std::max(state_.taken - count, 0);
}

void Gate::pass_over(const std::string& flow_key) {
  state_.cursor = flow_key;
  state_.taken = weight(flow_key);
}

bool Gate::turn_unfinished() const {
  return state_.taken > 0 && state_.taken < weight(state_.cursor);
}

GateState Gate::state() const {
  auto state = state_;
  state.bucket.reset();
  if (bucket_) state.bucket = stored(*bucket_);
  return state;
}

std::map<std::string, StoredBucket> Gate::flow_buckets() const {
  std::map<std::string, StoredBucket> buckets;
  for (const auto& [key, bucket] : flow_buckets_) {
    if (started_.contains(key)) buckets.emplace(key, stored(bucket));
  }
  return buckets;
}

TokenBucket* Gate::bucket_of(const FlowState& flow) {
  if (!flow_rate_) return nullptr;
  const auto found = flow_buckets_.find(flow.key);
  if (found != flow_buckets_.end()) return &found->second;
  return &flow_buckets_.emplace(flow.key, restored(*flow_rate_, flow.bucket, now_)).first->second;
}

int Gate::weight(const std::string& key) const {
  const auto found = weights_.find(key);
  return found == weights_.end() ? 1 : std::max(found->second, 1);
}

int Gate::spend(const TokenBucket& bucket, int wanted) {
  const auto tokens = bucket.tokens(now_);
  if (tokens < wanted) {
    const Time at{now_ + bucket.until_next(now_)};
    next_at_ = std::min(next_at_.value_or(at), at);
  }
  return at_most(wanted, tokens);
}

}  // namespace esteira
