#include "domain/breaker.hpp"

#include <gtest/gtest.h>

namespace esteira {
namespace {

using namespace std::chrono_literals;

constexpr Time noon{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + 12h};
const CircuitBreaker policy{
    .failure_rate = 0.5, .attempts = 10, .window = 2min, .open = 30s, .probes = 2};

TEST(Breaker, opens_at_its_failure_rate_and_not_before_there_are_enough_attempts) {
  const BreakerState closed;
  EXPECT_EQ(advance(policy, closed, {.ended = 9, .failed = 9}, noon), closed);
  EXPECT_EQ(advance(policy, closed, {.ended = 100, .failed = 49}, noon), closed);
  const auto open = advance(policy, closed, {.ended = 10, .failed = 5}, noon);
  EXPECT_EQ(open.phase, BreakerPhase::open);
  EXPECT_EQ(open.until, noon + 30s);
}

TEST(Breaker, counts_by_whole_minutes_that_cover_its_window) {
  EXPECT_EQ(counts_from(policy, {}, noon + 10s), noon - 2min);
  EXPECT_EQ(counts_from(policy, {.since = noon}, noon + 10s), noon);
}

TEST(Breaker, stays_open_for_its_time_then_lets_probes_try) {
  const BreakerState open{.phase = BreakerPhase::open, .until = noon + 30s};
  EXPECT_EQ(advance(policy, open, {.ended = 50, .failed = 50}, noon + 29s), open);
  EXPECT_EQ(counts_from(policy, open, noon + 95s), noon + 1min);
  const auto half = advance(policy, open, {.ended = 7, .failed = 6}, noon + 95s);
  EXPECT_EQ(half.phase, BreakerPhase::half_open);
  EXPECT_EQ(half.since, noon + 1min);
  EXPECT_EQ(half.before, (EndedCounts{.ended = 7, .failed = 6}));
}

TEST(Breaker, closes_when_its_probes_go_well_and_forgets_what_was_before) {
  const BreakerState half{
      .phase = BreakerPhase::half_open, .since = noon, .before = {.ended = 7, .failed = 6}};
  EXPECT_EQ(advance(policy, half, {.ended = 8, .failed = 6}, noon + 10s), half);
  const auto closed = advance(policy, half, {.ended = 9, .failed = 6}, noon + 20s);
  EXPECT_EQ(closed.phase, BreakerPhase::closed);
  // Old failures do not open it again; new ones do.
  EXPECT_EQ(advance(policy, closed, {.ended = 18, .failed = 6}, noon + 30s), closed);
  EXPECT_EQ(advance(policy, closed, {.ended = 20, .failed = 12}, noon + 30s).phase,
            BreakerPhase::open);
  // Once the window is past that minute, all that is counted is new.
  EXPECT_EQ(advance(policy, closed, {.ended = 10, .failed = 5}, noon + 5min).phase,
            BreakerPhase::open);
}

TEST(Breaker, opens_again_at_the_first_probe_that_fails) {
  const BreakerState half{
      .phase = BreakerPhase::half_open, .since = noon, .before = {.ended = 7, .failed = 6}};
  const auto open = advance(policy, half, {.ended = 8, .failed = 7}, noon + 10s);
  EXPECT_EQ(open.phase, BreakerPhase::open);
  EXPECT_EQ(open.until, noon + 40s);
}

TEST(Breaker, is_kept_as_it_stands) {
  const BreakerState state{.phase = BreakerPhase::half_open,
                           .until = noon + 5us,
                           .since = noon,
                           .before = {.ended = 7, .failed = 6}};
  EXPECT_EQ(read_breaker_state(to_text(state)), state);
  EXPECT_EQ(read_breaker_state("[]"), BreakerState{});
}

}  // namespace
}  // namespace esteira
