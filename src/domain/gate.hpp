// What lets the tasks of a limited type start: how many, and of which flows. An engine asks it
// while it holds the lock of the type's gate, and writes down what it counted in the same
// transaction.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "domain/policy.hpp"
#include "domain/rate.hpp"

namespace esteira {

// Whether the tasks of a type pass a gate instead of being claimed from all types at once.
[[nodiscard]] bool is_gated(const TaskType& type);

// How far a bucket was filled when it was last used, and by which rate. A bucket of another rate is
// as good as none.
struct StoredBucket {
  std::string rate;
  std::int64_t credit = 0;
  Time at{};
  Time full_at{};  // from then on it is as good as none
  friend bool operator==(const StoredBucket&, const StoredBucket&) = default;
};

// A type's gate as it is kept.
struct GateState {
  std::optional<StoredBucket> bucket;
  // Flows take turns in the order of their keys: who had the last one, and how much of it.
  std::string cursor;
  int taken = 0;
  BreakerState breaker{};
  friend bool operator==(const GateState&, const GateState&) = default;
};

// A flow that has waiting tasks.
struct FlowState {
  std::string key;
  int running = 0;
  // A task of it has begun and not ended; in an ordered type nothing else may start.
  bool held = false;
  // That task waits to be tried again, and is due.
  bool holder_waits = false;
  std::optional<StoredBucket> bucket;
};

class Gate {
 public:
  // `running`: of the whole type. `counts`: of a type with a circuit breaker, the attempts that
  // ended from `counts_from` on. `now`: the database's.
  Gate(const TaskType& type, int running, GateState state, Time now,
       const EndedCounts& counts = {});

  // At most so many more may start now.
  [[nodiscard]] int room(int wanted);
  // How many of a flow may start in its turn now, `wanted` at most.
  [[nodiscard]] int turn(const FlowState& flow, int wanted);
  // Notes that so many start, which `room` or `turn` allowed: of tasks without a flow, and of a
  // flow in its turn, after which it is the next one's.
  void start(int count);
  void start(const FlowState& flow, int count);

  // What the buckets hold: once they hold nothing more, what starts next is to wait.
  [[nodiscard]] std::int64_t tokens() const;
  [[nodiscard]] std::int64_t tokens(const FlowState& flow);
  // What has started costs so much more than one each.
  void charge(std::int64_t more);
  void charge(const FlowState& flow, std::int64_t more);

  // So many of those did not start after all.
  void give_back(const FlowState& flow, int count);
  // Passes on the turn after a flow, whatever it did with its own.
  void pass_over(const std::string& flow_key);

  [[nodiscard]] bool ordered() const { return ordered_; }
  // Whether it stands otherwise than it was kept.
  [[nodiscard]] bool changed() const {
    return started_any_ || state_.cursor != kept_.cursor || state_.taken != kept_.taken ||
           state_.breaker != kept_.breaker;
  }
  [[nodiscard]] const BreakerState& breaker() const { return state_.breaker; }
  // After which flow the turns go on; an unfinished turn comes first.
  [[nodiscard]] const std::string& cursor() const { return state_.cursor; }
  [[nodiscard]] bool turn_unfinished() const;
  // As it is to be kept.
  [[nodiscard]] GateState state() const;
  // The buckets of flows of which tasks started.
  [[nodiscard]] std::map<std::string, StoredBucket> flow_buckets() const;
  // When the next task may start, where it is a rate that holds tasks up now.
  [[nodiscard]] std::optional<Time> next_at() const { return next_at_; }

 private:
  TokenBucket* bucket_of(const FlowState& flow);
  [[nodiscard]] int weight(const std::string& key) const;
  // What the bucket has of `wanted`; notes when it will have more.
  int spend(const TokenBucket& bucket, int wanted);

  const std::optional<int> concurrency_;
  const std::optional<int> flow_concurrency_;
  const std::optional<Rate> flow_rate_;
  const bool ordered_;
  const std::map<std::string, int> weights_;
  const std::optional<CircuitBreaker> breaker_;
  const Duration now_;
  int running_;
  const GateState kept_;
  GateState state_;
  std::optional<TokenBucket> bucket_;
  std::map<std::string, TokenBucket> flow_buckets_;
  std::map<std::string, int> started_;  // in this call, by flow
  std::optional<Time> next_at_;
  bool started_any_ = false;
};

}  // namespace esteira
