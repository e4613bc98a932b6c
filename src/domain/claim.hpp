// A claim: the right of one worker to run one attempt of one task, for the length of a lease.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/task_terms.hpp"
#include "esteira/task.hpp"

namespace esteira {

// 128 random bits, drawn by the claimer, one for each claim call: what makes a fence unguessable
// and safe even where a store that lost its last commits hands out an attempt number twice.
struct LeaseId {
  std::array<std::uint8_t, 16> bytes{};
  friend auto operator<=>(const LeaseId&, const LeaseId&) = default;
};
// As a UUID: "0f8fad5b-d9cb-469f-a165-70867728950e".
[[nodiscard]] std::string to_text(const LeaseId& lease_id);
[[nodiscard]] Expected<LeaseId> parse_lease_id(std::string_view text);

// The right to say anything about a run: every write carries all three.
struct Fence {
  TaskId task_id = 0;
  int attempt = 0;
  LeaseId lease_id;
  friend auto operator<=>(const Fence&, const Fence&) = default;
};

// Why a payload could not be deciphered.
struct Unreadable {
  bool for_good = false;  // it was changed, or is another task's; else a key is not at hand
  std::string why;
  friend bool operator==(const Unreadable&, const Unreadable&) = default;
};

// How far an attempt's numbers stand before it ran, and what settling it needs.
struct Claim {
  Fence fence;
  TypeId type_id = 0;
  int priority = 0;
  int retries = 0;  // before this attempt's end
  int max_retries = 0;
  int crashes = 0;    // before this attempt's end
  Time run_at{};      // when it became due: the place in the queue that an interrupted task keeps
  Time started_at{};  // when it was claimed
  Time lease_expires_at{};
  bool cancel_requested = false;
  std::string payload;  // JSON text
  std::optional<Duration> timeout;
  std::vector<std::string> tags;
  std::optional<std::string> unique_key;
  std::optional<std::string> traceparent;
  std::optional<Time> scheduled_for;
  Time created_at{};
  std::optional<std::string> checkpoint;  // JSON text
  TaskTerms terms;
  // The payload is then of no account, and the task is not to be started: `unreadable_outcome`.
  std::optional<Unreadable> unreadable;
};

}  // namespace esteira
