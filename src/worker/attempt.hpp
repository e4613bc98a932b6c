// One attempt on its way through a worker: from the claim to its outcome.
#pragma once

#include <atomic>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "domain/claim.hpp"
#include "domain/outcome.hpp"
#include "domain/policy.hpp"
#include "esteira/processor.hpp"
#include "processor/payload_schema.hpp"

namespace esteira {

// A type as this worker runs it. Made new when the type changes, never altered.
struct TypePolicy {
  TaskType type;
  BaseProcessor* processor = nullptr;
  std::optional<PayloadSchema> schema;
};

// Why an attempt was asked to stop.
enum class StopReason : std::uint8_t { none, timed_out, cancelled, lost, shutdown };

struct Attempt {
  Attempt(Claim the_claim, std::shared_ptr<const TypePolicy> the_policy, std::string the_worker)
      : claim(std::move(the_claim)), policy(std::move(the_policy)), worker(std::move(the_worker)) {}

  // Asks the processor to stop; the first reason stays. Any thread.
  void request_stop(StopReason reason) {
    auto none = StopReason::none;
    stop_reason.compare_exchange_strong(none, reason);
    stop.request_stop();
  }
  [[nodiscard]] Duration timeout() const { return claim.timeout.value_or(policy->type.timeout); }
  [[nodiscard]] bool started() const { return started_steady_us.load() != 0; }

  // Constant while the attempt runs, but for `cancel_requested` and `started_at` (see below).
  Claim claim;
  const std::shared_ptr<const TypePolicy> policy;
  const std::string worker;  // whose it is

  // Thread-safe.
  std::stop_source stop;
  std::atomic<StopReason> stop_reason = StopReason::none;
  // 0 until a runner begins; set once by the runner's thread.
  std::atomic<std::int64_t> started_steady_us = 0;
  std::atomic<std::int64_t> started_at_us = 0;
  // Steady; the attempt must not begin after it, and is asked to stop at it. Moved by renewals.
  std::atomic<std::int64_t> stop_at_us = 0;

  // Worker loop only.
  Duration claimed_at{};  // steady
  bool given_up = false;  // settled although its processor still runs
};
using AttemptPtr = std::shared_ptr<Attempt>;

// An attempt that has an outcome.
struct DoneAttempt {
  AttemptPtr attempt;
  Outcome outcome;
};

// The task as a processor sees it.
[[nodiscard]] Expected<Task> task_of(const Attempt& attempt);

// The outcome of an attempt that should not begin any more: asked to stop while it was queued, or
// its lease is about to end, or its task has expired.
[[nodiscard]] std::optional<Outcome> outcome_before_start(const Attempt& attempt, Duration steady,
                                                          Time now);

// Runs the processor on one attempt: payload checks, `process`, `handle_failure`; user code's
// exceptions end here. `clock` tells how far away a RetryAt is.
[[nodiscard]] Outcome run_attempt(const Attempt& attempt, ExecutionContext& context,
                                  const Clock& clock);

// The same for a processor that takes many at once: one outcome for each, in order. A task without
// an answer has failed.
[[nodiscard]] std::vector<Outcome> run_attempts(const std::vector<AttemptPtr>& attempts,
                                                ExecutionContext& context, const Clock& clock);

}  // namespace esteira
