#include <limits>

#include <gtest/gtest.h>

#include "domain/limits.hpp"
#include "domain/policy.hpp"
#include "support/seeded_random.hpp"

namespace esteira::test {
namespace {

using namespace std::chrono_literals;

const BackOff plain{.base = 5s, .factor = 2.0, .cap = 1h, .jitter = false};

TEST(BackOff, it_doubles_from_its_base) {
  EXPECT_EQ(back_off_delay(plain, 1, 1.0), 5s);
  EXPECT_EQ(back_off_delay(plain, 2, 1.0), 10s);
  EXPECT_EQ(back_off_delay(plain, 3, 1.0), 20s);
  EXPECT_EQ(back_off_delay(plain, 10, 1.0), 2560s);
}

TEST(BackOff, it_stops_at_its_cap) {
  EXPECT_EQ(back_off_delay(plain, 11, 1.0), 1h);
  EXPECT_EQ(back_off_delay(plain, 12, 1.0), 1h);
}

TEST(BackOff, no_number_of_failures_overflows) {
  for (const int failures : {100, 1024, 1'000'000, std::numeric_limits<int>::max()}) {
    EXPECT_EQ(back_off_delay(plain, failures, 1.0), 1h) << failures;
  }
  BackOff wild = plain;
  wild.factor = 1e300;
  wild.cap = Duration::max();
  EXPECT_EQ(back_off_delay(wild, std::numeric_limits<int>::max(), 1.0), limits::delay_max);
}

TEST(BackOff, a_number_of_failures_below_one_counts_as_the_first) {
  EXPECT_EQ(back_off_delay(plain, 0, 1.0), 5s);
  EXPECT_EQ(back_off_delay(plain, -7, 1.0), 5s);
}

TEST(BackOff, a_factor_of_one_keeps_the_base) {
  BackOff steady = plain;
  steady.factor = 1.0;
  EXPECT_EQ(back_off_delay(steady, 1, 1.0), 5s);
  EXPECT_EQ(back_off_delay(steady, 500, 1.0), 5s);
}

TEST(BackOff, it_never_shrinks_and_is_never_negative) {
  BackOff odd = plain;
  odd.factor = 0.1;
  EXPECT_EQ(back_off_delay(odd, 9, 1.0), 5s);
  odd.base = -1h;
  EXPECT_EQ(back_off_delay(odd, 9, 1.0), 0s);
  odd = plain;
  odd.cap = -1s;
  EXPECT_EQ(back_off_delay(odd, 1, 1.0), 0s);
}

TEST(BackOff, a_cap_below_the_base_wins) {
  BackOff capped = plain;
  capped.cap = 2s;
  EXPECT_EQ(back_off_delay(capped, 1, 1.0), 2s);
}

TEST(BackOff, without_jitter_chance_changes_nothing) {
  EXPECT_EQ(back_off_delay(plain, 3, 0.0), back_off_delay(plain, 3, 0.99));
}

TEST(BackOff, full_jitter_stays_between_nothing_and_the_whole_delay) {
  BackOff spread = plain;
  spread.jitter = true;
  EXPECT_EQ(back_off_delay(spread, 3, 0.0), 0s);
  EXPECT_EQ(back_off_delay(spread, 3, 0.25), 5s);
  SeededRandom random{1};
  Duration sum{};
  constexpr int draws = 1000;
  for (int draw = 0; draw < draws; ++draw) {
    const Duration delay = back_off_delay(spread, 3, random.fraction());
    EXPECT_GE(delay, 0s);
    EXPECT_LE(delay, 20s);
    sum += delay;
  }
  EXPECT_GT(sum / draws, 9s) << "evenly spread, their mean is half the delay";
  EXPECT_LT(sum / draws, 11s);
}

}  // namespace
}  // namespace esteira::test
