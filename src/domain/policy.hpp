// What a task type says about failure, as data.
#pragma once

#include <optional>
#include <string>

#include "domain/breaker.hpp"
#include "domain/flow_policy.hpp"
#include "esteira/processor.hpp"
#include "esteira/task.hpp"
#include "esteira/time.hpp"

namespace esteira {

// delay(n) = min(cap, base * factor^(n-1)) for the n-th failure; with full jitter the delay is
// drawn evenly from [0, delay(n)], so that a thousand tasks that failed together come back apart.
struct BackOff {
  Duration base = std::chrono::seconds{5};
  double factor = 2.0;
  Duration cap = std::chrono::hours{1};
  bool jitter = true;
  friend bool operator==(const BackOff&, const BackOff&) = default;
};

// `random` is even in [0, 1); `failures` counts from 1.
[[nodiscard]] Duration back_off_delay(const BackOff& back_off, int failures, double random);

struct RetryPolicy {
  BackOff back_off{};
  int max_crashes = 3;
};

// How long ended tasks are kept, by how they ended.
struct Retention {
  Duration completed = std::chrono::hours{24 * 7};
  Duration failed = std::chrono::hours{24 * 90};
  Duration cancelled = std::chrono::hours{24 * 90};
  friend bool operator==(const Retention&, const Retention&) = default;
};

// A row of `task_types`: the seed's columns and the type's policy.
struct TaskType {
  TypeId type_id = 0;
  std::string name;
  std::string description;
  Time created_at{};
  std::optional<Time> updated_at;
  bool paused = false;
  int max_retries = 3;
  Duration timeout{};  // of one attempt; the store's default is limits::timeout_default
  BackOff back_off{};
  std::string payload_schema;  // JSON Schema, or ""
  Retention retention{};
  std::optional<int> concurrency;   // running at once, over all workers
  std::optional<std::string> rate;  // starts in a time, over all workers: see `parse_rate`
  FlowPolicy flow{};
  // Its tasks are claimed through a gate (domain/gate). A store keeps it once it was so.
  bool gated = false;
  // How its circuit breaker stands. Read only: `put_type` leaves what stands there.
  BreakerState breaker{};
};

// "MESSAGE_SEND": 1 to 50 of A-Z, 0-9, "_", ".", "-".
[[nodiscard]] Expected<void> check_type_name(std::string_view name);
// The name a type is stored under: SEND_MESSAGE is the seed's other spelling of MESSAGE_SEND.
[[nodiscard]] std::string_view canonical_type_name(std::string_view name);

}  // namespace esteira
