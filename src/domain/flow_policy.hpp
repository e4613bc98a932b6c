// What a type says about the flow of its tasks: keys, their limits and order, and when to stop.
// A store keeps it as one JSON object, of which it looks at nothing.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "esteira/error.hpp"
#include "esteira/json.hpp"
#include "esteira/time.hpp"

namespace esteira {

// Stops the starts of a type whose attempts fail too often: opens when of at least `attempts` ended
// ones within `window` the share `failure_rate` or more failed, stays open for `open`, then lets
// `probes` attempts try; when they go well it closes, else it opens again.
struct CircuitBreaker {
  double failure_rate = 0.5;  // more than 0, at most 1
  int attempts = 20;          // 1 to 1,000,000
  Duration window = std::chrono::minutes{1};
  Duration open = std::chrono::seconds{30};
  int probes = 1;  // 1 to 1,000
  friend bool operator==(const CircuitBreaker&, const CircuitBreaker&) = default;
};

struct FlowPolicy {
  // A JSON pointer into the payload, such as "/customer_id": tasks with the same value there share
  // a flow. A task without it shares the flow of those that have none.
  std::optional<std::string> key;
  std::optional<int> key_concurrency;   // running at once, of one flow
  std::optional<std::string> key_rate;  // starts in a time, of one flow: see `parse_rate`
  // A flow's tasks run one after the other, in the order of their creation; one that is to be tried
  // again holds up those behind it.
  bool ordered = false;
  // Flows with waiting tasks get turns; by its weight a flow gets so many as one. What is not named
  // weighs 1.
  std::map<std::string, int> weights;
  // Above so many waiting tasks new ones are refused.
  std::optional<std::int64_t> max_waiting;
  // Payloads and results are stored enciphered.
  bool encrypted = false;
  std::optional<CircuitBreaker> breaker;

  friend bool operator==(const FlowPolicy&, const FlowPolicy&) = default;
};

// A JSON object without what stands at its default, so "{}" of a type that says nothing.
[[nodiscard]] std::string to_text(const FlowPolicy& policy);
// What a store holds. Fields that this version does not know are left out. internal: no object.
[[nodiscard]] Expected<FlowPolicy> parse_flow_policy(std::string_view text);

}  // namespace esteira
