// The circuit breaker of a type, as it stands and as it goes on.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "domain/flow_policy.hpp"
#include "esteira/error.hpp"
#include "esteira/time.hpp"

namespace esteira {

enum class BreakerPhase : std::uint8_t {
  closed,     // tasks start
  open,       // none does, until a time
  half_open,  // some do, to see how they end
};
// "CLOSED", "OPEN", "HALF_OPEN", as in JSON.
[[nodiscard]] std::string_view to_text(BreakerPhase phase);
[[nodiscard]] Expected<BreakerPhase> parse_breaker_phase(std::string_view text);

// Attempts that ended well or badly, as the statistics count them.
struct EndedCounts {
  std::int64_t ended = 0;
  std::int64_t failed = 0;
  friend bool operator==(const EndedCounts&, const EndedCounts&) = default;
};

struct BreakerState {
  BreakerPhase phase = BreakerPhase::closed;
  Time until{};  // of `open`
  // Statistics count by the minute: of the minute `since` those in `before` count no more, and of
  // earlier minutes none.
  Time since{};
  EndedCounts before{};
  friend bool operator==(const BreakerState&, const BreakerState&) = default;
};

// JSON, as a store keeps it; what this version can't read is a closed breaker.
[[nodiscard]] std::string to_text(const BreakerState& state);
[[nodiscard]] BreakerState read_breaker_state(std::string_view stored);

// From which minute on the attempts are to be counted for `advance`.
[[nodiscard]] Time counts_from(const CircuitBreaker& policy, const BreakerState& state, Time now);
// How the breaker stands now. `counts`: of the minutes from `counts_from` on.
[[nodiscard]] BreakerState advance(const CircuitBreaker& policy, const BreakerState& state,
                                   const EndedCounts& counts, Time now);

}  // namespace esteira
