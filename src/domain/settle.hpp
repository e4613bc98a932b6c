// The state machine of a task, whole: what an attempt's outcome means for its task.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "domain/claim.hpp"
#include "domain/outcome.hpp"
#include "domain/policy.hpp"

namespace esteira {

// The task ends, for good unless a person retries it.
struct Ended {
  TaskStatus status = TaskStatus::completed;
  friend bool operator==(const Ended&, const Ended&) = default;
};
// The task waits again, due at `run_at`.
struct Again {
  Time run_at{};
  friend bool operator==(const Again&, const Again&) = default;
};
using Next = std::variant<Ended, Again>;

// What `finish` writes: one execution row, and where the task goes.
struct Settlement {
  Fence fence;
  TypeId type_id = 0;
  int priority = 0;
  ExecutionStatus status = ExecutionStatus::completed;
  Next next;
  int retries = 0;  // of the task, after this attempt
  int crashes = 0;
  Time run_at{};  // when the attempt had become due; started_at - run_at is its waiting time
  Time started_at{};
  Time completed_at{};
  std::optional<std::string> result;  // JSON text; completed only
  std::optional<std::string> error_message;
  std::string metadata;    // JSON object text, or ""
  bool encrypted = false;  // the result is to be stored enciphered
  friend bool operator==(const Settlement&, const Settlement&) = default;
};

// Pure: the same arguments give the same settlement. `random` (even in [0, 1)) spreads the
// back-off.
//
//   outcome      | retries  | crashes  | task afterwards
//   completed    |          |          | COMPLETED
//   failed       | +1       |          | waits for the back-off; FAILED when none is left, or never
//   timed out    | +1       |          | the same
//   snoozed      |          |          | waits for the delay
//   cancelled    |          |          | CANCELLED
//   interrupted  |          |          | waits in its old place
//   expired      |          | +1       | waits in its old place; FAILED (poison) at max_crashes
//
// A task whose cancel was requested ends CANCELLED unless it completed. One that has used
// limits::attempts_max attempts ends FAILED instead of waiting again.
[[nodiscard]] Settlement settle(const Claim& claim, const Outcome& outcome,
                                const RetryPolicy& policy, Time now, double random = 1.0);

}  // namespace esteira
