// Rows, claims and settlements with sensible defaults, for tests to change what matters.
#pragma once

#include <string>

#include "domain/claim.hpp"
#include "domain/policy.hpp"
#include "domain/settle.hpp"
#include "repository/repository.hpp"

namespace esteira::test {

// A type whose failures come back after exactly five seconds, then ten, …
[[nodiscard]] TaskType task_type(std::string name);
[[nodiscard]] NewTaskRow new_task_row(TypeId type_id, std::string payload = "{}");

// A first attempt, claimed at `started_at`.
[[nodiscard]] Claim fresh_claim(Time started_at);

[[nodiscard]] RetryPolicy plain_policy();
// What `settle` says, with the whole back-off (random = 1).
[[nodiscard]] Settlement completed(const Claim& claim, Time now, std::string result = "null");
[[nodiscard]] Settlement failed(const Claim& claim, Time now, std::string message = "it broke");
[[nodiscard]] Settlement failed_for_good(const Claim& claim, Time now,
                                         std::string message = "it cannot work");
[[nodiscard]] Settlement snoozed(const Claim& claim, Time now, Duration delay);
[[nodiscard]] Settlement interrupted(const Claim& claim, Time now);
[[nodiscard]] Settlement expired(const Claim& claim, Time now, std::string worker = "gone");

}  // namespace esteira::test
