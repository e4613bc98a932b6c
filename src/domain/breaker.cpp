#include "domain/breaker.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "esteira/json.hpp"

namespace esteira {
namespace {

constexpr std::array<std::string_view, 3> phase_names{"CLOSED", "OPEN", "HALF_OPEN"};

Time minute_of(Time time) { return std::chrono::floor<std::chrono::minutes>(time); }

std::int64_t whole(const JsonObject& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : 0;
}

// What of the counts has not been judged before.
EndedCounts fresh(const BreakerState& state, const EndedCounts& counts, Time from) {
  if (from > state.since) return counts;
  return {.ended = counts.ended - state.before.ended,
          .failed = counts.failed - state.before.failed};
}

BreakerState opened(const CircuitBreaker& policy, Time now) {
  return {.phase = BreakerPhase::open, .until = now + policy.open};
}

}  // namespace

std::string_view to_text(BreakerPhase phase) {
  return phase_names[static_cast<std::size_t>(phase)];
}

Expected<BreakerPhase> parse_breaker_phase(std::string_view text) {
  const auto found = std::ranges::find(phase_names, text);
  if (found != phase_names.end()) return static_cast<BreakerPhase>(found - phase_names.begin());
  return fail(ErrorCode::invalid_argument,
              fmt::format("must be one of {}", fmt::join(phase_names, ", ")));
}

std::string to_text(const BreakerState& state) {
  return to_text(Json(JsonObject{{"phase", to_text(state.phase)},
                                 {"until_us", state.until.time_since_epoch().count()},
                                 {"since_us", state.since.time_since_epoch().count()},
                                 {"ended", state.before.ended},
                                 {"failed", state.before.failed}}));
}

BreakerState read_breaker_state(std::string_view stored) {
  const auto value = parse_json(stored);
  if (!value || !value->is_object()) return {};
  const auto& object = value->get_object();
  const auto* phase = object.if_contains("phase");
  const auto known = phase != nullptr && phase->is_string()
                         ? parse_breaker_phase(phase->get_string())
                         : Expected<BreakerPhase>(BreakerPhase::closed);
  return {.phase = known.value_or(BreakerPhase::closed),
          .until = Time{Duration{whole(object, "until_us")}},
          .since = Time{Duration{whole(object, "since_us")}},
          .before = {.ended = whole(object, "ended"), .failed = whole(object, "failed")}};
}

Time counts_from(const CircuitBreaker& policy, const BreakerState& state, Time now) {
  switch (state.phase) {
    case BreakerPhase::open:
      return minute_of(now);
    case BreakerPhase::half_open:
      return state.since;
    case BreakerPhase::closed:
      break;
  }
  return std::max(minute_of(now - policy.window), state.since);
}

BreakerState advance(const CircuitBreaker& policy, const BreakerState& state,
                     const EndedCounts& counts, Time now) {
  const Time from = counts_from(policy, state, now);
  const auto [ended, failed] = fresh(state, counts, from);
  switch (state.phase) {
    case BreakerPhase::open:
      if (now < state.until) return state;
      // What has ended in this minute says nothing about the probes.
      return {.phase = BreakerPhase::half_open, .since = from, .before = counts};
    case BreakerPhase::half_open:
      if (failed > 0) return opened(policy, now);
      if (ended < policy.probes) return state;
      return {.phase = BreakerPhase::closed, .since = from, .before = counts};
    case BreakerPhase::closed:
      break;
  }
  const bool enough = ended >= policy.attempts;
  const bool bad = static_cast<double>(failed) >= policy.failure_rate * static_cast<double>(ended);
  return enough && bad ? opened(policy, now) : state;
}

}  // namespace esteira
