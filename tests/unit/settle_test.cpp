// The state machine of a task, as one table: every state that a claim can be in against every
// outcome that its attempt can have.
#include "domain/settle.hpp"

#include <set>

#include <gtest/gtest.h>

#include "domain/limits.hpp"
#include "support/builders.hpp"

namespace esteira::test {
namespace {

using namespace std::chrono_literals;
using enum ExecutionStatus;

const Time now = parse_time("2026-03-01T12:00:00Z");
const Time claimed_at = now - 10s;

// --- the two axes -------------------------------------------------------------------------------

enum class State { fresh, last_retry_used, one_crash_left, cancel_requested, attempts_used_up };
constexpr State states[] = {State::fresh, State::last_retry_used, State::one_crash_left,
                            State::cancel_requested, State::attempts_used_up};

Claim claim_in(State state) {
  Claim claim = fresh_claim(claimed_at);
  switch (state) {
    case State::fresh:
      break;
    case State::last_retry_used:
      claim.fence.attempt = 4;
      claim.retries = claim.max_retries;
      break;
    case State::one_crash_left:
      claim.fence.attempt = 3;
      claim.crashes = plain_policy().max_crashes - 1;
      break;
    case State::cancel_requested:
      claim.cancel_requested = true;
      break;
    case State::attempts_used_up:
      claim.fence.attempt = limits::attempts_max;
      break;
  }
  return claim;
}

enum class Happened {
  completed,
  failed,
  failed_for_good,
  failed_with_delay,
  timed_out,
  timed_out_for_good,
  timed_out_with_delay,
  snoozed,
  cancelled,
  interrupted,
  expired
};
constexpr int happenings = 11;

Outcome outcome_of(Happened happened) {
  switch (happened) {
    case Happened::completed:
      return outcome::Completed{.result = "[1]"};
    case Happened::failed:
      return outcome::Failed{.message = "broken"};
    case Happened::failed_for_good:
      return outcome::Failed{.message = "broken", .retry = RetryNever{}};
    case Happened::failed_with_delay:
      return outcome::Failed{.message = "broken", .retry = RetryAfter{7min}};
    case Happened::timed_out:
      return outcome::TimedOut{.message = "too slow"};
    case Happened::timed_out_for_good:
      return outcome::TimedOut{.message = "too slow", .retry = RetryNever{}};
    case Happened::timed_out_with_delay:
      return outcome::TimedOut{.message = "too slow", .retry = RetryAfter{7min}};
    case Happened::snoozed:
      return outcome::Snoozed{.delay = 3min};
    case Happened::cancelled:
      return outcome::Cancelled{.reason = "sold out"};
    case Happened::interrupted:
      return outcome::Interrupted{};
    case Happened::expired:
      return outcome::Expired{.worker = "worker-1"};
  }
  return outcome::Interrupted{};
}

// --- the table ----------------------------------------------------------------------------------

const Next well{Ended{TaskStatus::completed}};
const Next badly{Ended{TaskStatus::failed}};
const Next stopped{Ended{TaskStatus::cancelled}};
// The first failure waits for the policy's base delay.
const Next after_back_off{Again{now + BackOff{}.base}};
const Next after_own_delay{Again{now + 7min}};
const Next after_snooze{Again{now + 3min}};
const Next old_place{Again{fresh_claim(claimed_at).run_at}};

struct Row {
  State state;
  Happened happened;
  ExecutionStatus status;
  Next next;
  int retries_more;
  int crashes_more;
};

// One line for each pair; `the_table_is_whole` counts them.
const std::vector<Row>& table() {
  using enum State;
  using H = Happened;
  static const std::vector<Row> rows{
      {fresh, H::completed, completed, well, 0, 0},
      {fresh, H::failed, failed, after_back_off, 1, 0},
      {fresh, H::failed_for_good, failed, badly, 0, 0},
      {fresh, H::failed_with_delay, failed, after_own_delay, 1, 0},
      {fresh, H::timed_out, timed_out, after_back_off, 1, 0},
      {fresh, H::timed_out_for_good, timed_out, badly, 0, 0},
      {fresh, H::timed_out_with_delay, timed_out, after_own_delay, 1, 0},
      {fresh, H::snoozed, snoozed, after_snooze, 0, 0},
      {fresh, H::cancelled, cancelled, stopped, 0, 0},
      {fresh, H::interrupted, interrupted, old_place, 0, 0},
      {fresh, H::expired, expired, old_place, 0, 1},

      {last_retry_used, H::completed, completed, well, 0, 0},
      {last_retry_used, H::failed, failed, badly, 0, 0},
      {last_retry_used, H::failed_for_good, failed, badly, 0, 0},
      {last_retry_used, H::failed_with_delay, failed, badly, 0, 0},
      {last_retry_used, H::timed_out, timed_out, badly, 0, 0},
      {last_retry_used, H::timed_out_for_good, timed_out, badly, 0, 0},
      {last_retry_used, H::timed_out_with_delay, timed_out, badly, 0, 0},
      {last_retry_used, H::snoozed, snoozed, after_snooze, 0, 0},
      {last_retry_used, H::cancelled, cancelled, stopped, 0, 0},
      {last_retry_used, H::interrupted, interrupted, old_place, 0, 0},
      {last_retry_used, H::expired, expired, old_place, 0, 1},

      {one_crash_left, H::completed, completed, well, 0, 0},
      {one_crash_left, H::failed, failed, after_back_off, 1, 0},
      {one_crash_left, H::failed_for_good, failed, badly, 0, 0},
      {one_crash_left, H::failed_with_delay, failed, after_own_delay, 1, 0},
      {one_crash_left, H::timed_out, timed_out, after_back_off, 1, 0},
      {one_crash_left, H::timed_out_for_good, timed_out, badly, 0, 0},
      {one_crash_left, H::timed_out_with_delay, timed_out, after_own_delay, 1, 0},
      {one_crash_left, H::snoozed, snoozed, after_snooze, 0, 0},
      {one_crash_left, H::cancelled, cancelled, stopped, 0, 0},
      {one_crash_left, H::interrupted, interrupted, old_place, 0, 0},
      {one_crash_left, H::expired, expired, badly, 0, 1},

      {cancel_requested, H::completed, completed, well, 0, 0},
      {cancel_requested, H::failed, cancelled, stopped, 1, 0},
      {cancel_requested, H::failed_for_good, cancelled, stopped, 0, 0},
      {cancel_requested, H::failed_with_delay, cancelled, stopped, 1, 0},
      {cancel_requested, H::timed_out, cancelled, stopped, 1, 0},
      {cancel_requested, H::timed_out_for_good, cancelled, stopped, 0, 0},
      {cancel_requested, H::timed_out_with_delay, cancelled, stopped, 1, 0},
      {cancel_requested, H::snoozed, cancelled, stopped, 0, 0},
      {cancel_requested, H::cancelled, cancelled, stopped, 0, 0},
      {cancel_requested, H::interrupted, cancelled, stopped, 0, 0},
      {cancel_requested, H::expired, cancelled, stopped, 0, 1},

      {attempts_used_up, H::completed, completed, well, 0, 0},
      {attempts_used_up, H::failed, failed, badly, 1, 0},
      {attempts_used_up, H::failed_for_good, failed, badly, 0, 0},
      {attempts_used_up, H::failed_with_delay, failed, badly, 1, 0},
      {attempts_used_up, H::timed_out, timed_out, badly, 1, 0},
      {attempts_used_up, H::timed_out_for_good, timed_out, badly, 0, 0},
      {attempts_used_up, H::timed_out_with_delay, timed_out, badly, 1, 0},
      {attempts_used_up, H::snoozed, snoozed, badly, 0, 0},
      {attempts_used_up, H::cancelled, cancelled, stopped, 0, 0},
      {attempts_used_up, H::interrupted, interrupted, badly, 0, 0},
      {attempts_used_up, H::expired, expired, badly, 0, 1},
  };
  return rows;
}

TEST(Settle, the_table_is_whole) {
  std::set<std::pair<State, Happened>> pairs;
  for (const Row& row : table()) pairs.emplace(row.state, row.happened);
  EXPECT_EQ(pairs.size(), std::size(states) * happenings);
  EXPECT_EQ(table().size(), pairs.size());
  std::set<std::size_t> outcomes;
  for (const Row& row : table()) outcomes.insert(outcome_of(row.happened).index());
  EXPECT_EQ(outcomes.size(), std::variant_size_v<Outcome>);
}

TEST(Settle, every_state_and_outcome_mean_what_the_table_says) {
  for (const Row& row : table()) {
    SCOPED_TRACE("state " + std::to_string(static_cast<int>(row.state)) + ", outcome " +
                 std::to_string(static_cast<int>(row.happened)));
    const Claim claim = claim_in(row.state);
    const Settlement settlement = settle(claim, outcome_of(row.happened), plain_policy(), now);
    EXPECT_EQ(settlement.status, row.status);
    EXPECT_EQ(settlement.next, row.next);
    EXPECT_EQ(settlement.retries, claim.retries + row.retries_more);
    EXPECT_EQ(settlement.crashes, claim.crashes + row.crashes_more);
  }
}

TEST(Settle, every_settlement_carries_its_claim_on) {
  for (const Row& row : table()) {
    const Claim claim = claim_in(row.state);
    const Settlement settlement = settle(claim, outcome_of(row.happened), plain_policy(), now);
    EXPECT_EQ(settlement.fence, claim.fence);
    EXPECT_EQ(settlement.type_id, claim.type_id);
    EXPECT_EQ(settlement.priority, claim.priority);
    EXPECT_EQ(settlement.run_at, claim.run_at);
    EXPECT_EQ(settlement.started_at, claim.started_at);
    EXPECT_EQ(settlement.completed_at, now);
    EXPECT_EQ(settlement.result.has_value(), row.happened == Happened::completed);
  }
}

TEST(Settle, the_same_arguments_give_the_same_settlement) {
  for (const Row& row : table()) {
    const Claim claim = claim_in(row.state);
    EXPECT_EQ(settle(claim, outcome_of(row.happened), RetryPolicy{}, now, 0.25),
              settle(claim, outcome_of(row.happened), RetryPolicy{}, now, 0.25));
  }
}

// --- what the table has no column for -----------------------------------------------------------

Settlement settle_fresh(const Outcome& outcome, double random = 1.0) {
  return settle(fresh_claim(claimed_at), outcome, RetryPolicy{}, now, random);
}

TEST(Settle, a_result_is_kept_as_it_is) {
  EXPECT_EQ(settle_fresh(outcome::Completed{.result = R"({"a":1})"}).result, R"({"a":1})");
  EXPECT_EQ(settle_fresh(outcome::Completed{}).result, "null");
}

TEST(Settle, an_error_is_kept_and_a_success_has_none) {
  EXPECT_EQ(settle_fresh(outcome::Failed{.message = "broken"}).error_message, "broken");
  EXPECT_EQ(settle_fresh(outcome::TimedOut{.message = "slow"}).error_message, "slow");
  EXPECT_EQ(settle_fresh(outcome::Cancelled{.reason = "sold out"}).error_message, "sold out");
  EXPECT_FALSE(settle_fresh(outcome::Cancelled{}).error_message);
  EXPECT_FALSE(settle_fresh(outcome::Completed{}).error_message);
  EXPECT_FALSE(settle_fresh(outcome::Snoozed{}).error_message);
  EXPECT_FALSE(settle_fresh(outcome::Interrupted{}).error_message);
}

TEST(Settle, an_expired_lease_names_the_worker_that_held_it) {
  const auto message = settle_fresh(outcome::Expired{.worker = "host-17"}).error_message;
  ASSERT_TRUE(message);
  EXPECT_NE(message->find("host-17"), std::string::npos);
}

TEST(Settle, an_error_is_cut_to_its_limit_at_a_character) {
  std::string text;
  while (text.size() <= limits::error_bytes_max) text += "é";
  const auto message = settle_fresh(outcome::Failed{.message = text}).error_message;
  ASSERT_TRUE(message);
  EXPECT_LE(message->size(), limits::error_bytes_max);
  EXPECT_TRUE(message->ends_with("é…"));
}

TEST(Settle, an_error_holds_no_character_that_a_store_refuses) {
  const std::string raw{"a\0b\xFF\xC0\xAF", 6};
  EXPECT_EQ(settle_fresh(outcome::Failed{.message = raw}).error_message, "a�b���");
}

TEST(Settle, metadata_says_what_is_special) {
  EXPECT_EQ(settle_fresh(outcome::Failed{.message = "x", .metadata = R"({"http":503})"}).metadata,
            R"({"http":503})");
  EXPECT_EQ(settle_fresh(outcome::TimedOut{.ignored_stop = true}).metadata,
            R"({"ignored_stop":true})");
  EXPECT_EQ(settle_fresh(outcome::TimedOut{}).metadata, "");
  EXPECT_EQ(settle_fresh(outcome::Expired{}).metadata, "");
  EXPECT_EQ(
      settle(claim_in(State::one_crash_left), outcome::Expired{}, plain_policy(), now).metadata,
      R"({"poison":true})");
  EXPECT_EQ(
      settle(claim_in(State::attempts_used_up), outcome::Snoozed{}, plain_policy(), now).metadata,
      R"({"attempts_used_up":true})");
}

TEST(Settle, the_back_off_grows_with_each_failure) {
  Claim claim = fresh_claim(claimed_at);
  claim.max_retries = 10;
  Duration expected = BackOff{}.base;
  for (claim.retries = 0; claim.retries < 5; ++claim.retries) {
    const auto settlement = settle(claim, outcome::Failed{}, plain_policy(), now);
    EXPECT_EQ(settlement.next, Next{Again{now + expected}});
    expected *= 2;
  }
}

TEST(Settle, chance_spreads_the_back_off) {
  RetryPolicy policy;
  policy.back_off.jitter = true;
  const Claim claim = fresh_claim(claimed_at);
  EXPECT_EQ(settle(claim, outcome::Failed{}, policy, now, 0.0).next, Next{Again{now}});
  EXPECT_EQ(settle(claim, outcome::Failed{}, policy, now, 0.5).next,
            Next{Again{now + policy.back_off.base / 2}});
}

TEST(Settle, own_delays_are_bounded) {
  const auto next_of = [](const Outcome& outcome) { return settle_fresh(outcome).next; };
  EXPECT_EQ(next_of(outcome::Snoozed{.delay = -1h}), Next{Again{now}});
  EXPECT_EQ(next_of(outcome::Snoozed{.delay = Duration::max()}),
            Next{Again{now + limits::delay_max}});
  EXPECT_EQ(next_of(outcome::Failed{.retry = RetryAfter{-1h}}), Next{Again{now}});
  EXPECT_EQ(next_of(outcome::Failed{.retry = RetryAfter{Duration::max()}}),
            Next{Again{now + limits::delay_max}});
}

TEST(Settle, max_retries_means_so_many_attempts_more) {
  Claim claim = fresh_claim(claimed_at);
  claim.max_retries = 3;
  int attempts = 0;
  for (Next next = Again{}; std::holds_alternative<Again>(next);) {
    const Settlement settlement = settle(claim, outcome::Failed{}, plain_policy(), now);
    claim.retries = settlement.retries;
    next = settlement.next;
    ++attempts;
  }
  EXPECT_EQ(attempts, 4);
}

TEST(Settle, without_retries_the_first_failure_ends_the_task) {
  Claim claim = fresh_claim(claimed_at);
  claim.max_retries = 0;
  EXPECT_EQ(settle(claim, outcome::Failed{}, plain_policy(), now).next, badly);
}

TEST(Settle, a_single_crash_is_enough_where_the_policy_says_so) {
  RetryPolicy policy = plain_policy();
  policy.max_crashes = 1;
  EXPECT_EQ(settle(fresh_claim(claimed_at), outcome::Expired{}, policy, now).next, badly);
}

}  // namespace
}  // namespace esteira::test
