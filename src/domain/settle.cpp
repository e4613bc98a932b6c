#include "domain/settle.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/utf8.hpp"
#include "domain/limits.hpp"

namespace esteira {
namespace {

std::string clean_error(std::string_view message) {
  return clean_text(message, limits::error_bytes_max);
}

// Everything of a settlement that the outcome does not touch.
Settlement unchanged(const Claim& claim, Time now) {
  return {.fence = claim.fence,
          .type_id = claim.type_id,
          .priority = claim.priority,
          .retries = claim.retries,
          .crashes = claim.crashes,
          .run_at = claim.run_at,
          .started_at = claim.started_at,
          .completed_at = now,
          .encrypted = claim.terms.encrypted};
}

// What each outcome would mean if no cancel were requested and attempts had no end.
class Settler {
 public:
  Settler(const Claim& claim, const RetryPolicy& policy, Time now, double random)
      : claim_(claim), policy_(policy), now_(now), random_(random) {}

  Settlement operator()(const outcome::Completed& outcome) const {
    auto settlement = begin(ExecutionStatus::completed);
    settlement.result = outcome.result;
    settlement.next = Ended{TaskStatus::completed};
    return settlement;
  }
  Settlement operator()(const outcome::Failed& outcome) const {
    auto settlement = begin(ExecutionStatus::failed);
    settlement.error_message = clean_error(outcome.message);
    settlement.metadata = outcome.metadata;
    count_failure(settlement, outcome.retry);
    return settlement;
  }
  Settlement operator()(const outcome::TimedOut& outcome) const {
    auto settlement = begin(ExecutionStatus::timed_out);
    settlement.error_message = clean_error(outcome.message);
    if (outcome.ignored_stop) settlement.metadata = R"({"ignored_stop":true})";
    count_failure(settlement, outcome.retry);
    return settlement;
  }
  Settlement operator()(const outcome::Snoozed& outcome) const {
    auto settlement = begin(ExecutionStatus::snoozed);
    if (!outcome.reason.empty()) settlement.error_message = clean_error(outcome.reason);
    settlement.next = Again{now_ + std::clamp(outcome.delay, Duration{0}, limits::delay_max)};
    return settlement;
  }
  Settlement operator()(const outcome::Cancelled& outcome) const {
    auto settlement = begin(ExecutionStatus::cancelled);
    if (!outcome.reason.empty()) settlement.error_message = clean_error(outcome.reason);
    settlement.metadata = outcome.metadata;
    settlement.next = Ended{TaskStatus::cancelled};
    return settlement;
  }
  Settlement operator()(const outcome::Interrupted&) const {
    auto settlement = begin(ExecutionStatus::interrupted);
    settlement.next = Again{claim_.run_at};
    return settlement;
  }
  Settlement operator()(const outcome::Expired& outcome) const {
    auto settlement = begin(ExecutionStatus::expired);
    settlement.crashes += 1;
    settlement.error_message =
        clean_error(fmt::format("the lease of worker '{}' ended without a word", outcome.worker));
    settlement.next = Again{claim_.run_at};
    if (settlement.crashes >= policy_.max_crashes) {
      settlement.metadata = R"({"poison":true})";
      settlement.next = Ended{TaskStatus::failed};
    }
    return settlement;
  }

 private:
  [[nodiscard]] Settlement begin(ExecutionStatus status) const {
    auto settlement = unchanged(claim_, now_);
    settlement.status = status;
    return settlement;
  }

  void count_failure(Settlement& settlement, const Retry& retry) const {
    // `retries` counts attempts that failed, up to the limit: the failure that finds it used up
    // ends the task and leaves it there.
    const bool never = std::holds_alternative<RetryNever>(retry);
    if (never || claim_.retries >= claim_.max_retries) {
      settlement.next = Ended{TaskStatus::failed};
      return;
    }
    settlement.retries += 1;
    const auto* after = std::get_if<RetryAfter>(&retry);
    const auto delay = after != nullptr
                           ? std::clamp(after->delay, Duration{0}, limits::delay_max)
                           : back_off_delay(policy_.back_off, settlement.retries, random_);
    settlement.next = Again{now_ + delay};
  }

  const Claim& claim_;
  const RetryPolicy& policy_;
  Time now_;
  double random_;
};

}  // namespace

Settlement settle(const Claim& claim, const Outcome& outcome, const RetryPolicy& policy, Time now,
                  double random) {
  auto settlement = std::visit(Settler(claim, policy, now, random), outcome);
  const bool waits = std::holds_alternative<Again>(settlement.next);
  const bool failed = settlement.next == Next{Ended{TaskStatus::failed}};
  if (claim.cancel_requested && (waits || failed)) {
    settlement.next = Ended{TaskStatus::cancelled};
    settlement.status = ExecutionStatus::cancelled;
  } else if (waits && claim.fence.attempt >= limits::attempts_max) {
    settlement.next = Ended{TaskStatus::failed};
    settlement.metadata = R"({"attempts_used_up":true})";
  }
  return settlement;
}

}  // namespace esteira
