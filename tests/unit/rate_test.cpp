#include "domain/rate.hpp"

#include <gtest/gtest.h>

namespace esteira {
namespace {

using namespace std::chrono_literals;

TEST(Rate, is_read_and_written_alike) {
  for (const auto* text : {"1/s", "100/s", "600/m", "1000000/h", "100/s burst 20", "1/h burst 7"}) {
    const auto rate = parse_rate(text);
    ASSERT_TRUE(rate) << text;
    EXPECT_EQ(to_text(*rate), text);
  }
  for (const auto* text : {"", "/", "1", "0/s", "-1/s", "1/d", "1/", "/s", "1.5/s", "1000001/s",
                           "1/s ", " 1/s", "1/s burst", "1/s burst 0", "1/s burst x",
                           "1/s  burst 2", "1//s", "99999999999999999999/s"}) {
    EXPECT_FALSE(parse_rate(text)) << text;
  }
}

TEST(TokenBucket, gives_a_period_at_once_and_then_evenly) {
  Duration now = 5h;
  TokenBucket bucket({.count = 4, .per = 1s}, now);
  for (int i = 0; i < 4; ++i) EXPECT_FALSE(bucket.take(now)) << i;
  EXPECT_EQ(bucket.take(now), Duration{250ms});
  now += 249ms;
  EXPECT_EQ(bucket.take(now), Duration{1ms});
  now += 1ms;
  EXPECT_FALSE(bucket.take(now));
  EXPECT_TRUE(bucket.take(now));
}

TEST(TokenBucket, never_gives_more_than_its_rate_over_any_stretch) {
  const Rate rate{.count = 10, .per = 1min};
  TokenBucket bucket(rate, Duration{0});
  int given = 0;
  for (Duration now{0}; now <= 10min; now += 100ms) given += bucket.take(now) ? 0 : 1;
  // What it held at the start, and ten a minute.
  EXPECT_EQ(given, 10 + 100);
}

TEST(TokenBucket, holds_no_more_after_a_long_rest_and_says_when_it_is_full) {
  TokenBucket bucket({.count = 2, .per = 1h}, Duration{0});
  EXPECT_TRUE(bucket.full(Duration{0}));
  EXPECT_FALSE(bucket.take(Duration{0}));
  EXPECT_FALSE(bucket.full(29min));
  EXPECT_TRUE(bucket.full(30min));
  EXPECT_FALSE(bucket.take(100h));
  EXPECT_FALSE(bucket.take(100h));
  EXPECT_EQ(bucket.take(100h), Duration{30min});
}

TEST(TokenBucket, holds_its_burst_and_fills_by_its_rate) {
  TokenBucket bucket({.count = 10, .per = 1s, .at_once = 2}, Duration{0});
  EXPECT_EQ(bucket.tokens(Duration{0}), 2);
  EXPECT_FALSE(bucket.take(Duration{0}));
  EXPECT_FALSE(bucket.take(Duration{0}));
  EXPECT_EQ(bucket.take(Duration{0}), Duration{100ms});
  EXPECT_EQ(bucket.full_at(), Duration{200ms});
  EXPECT_TRUE(bucket.full(200ms));
  EXPECT_EQ(bucket.tokens(1h), 2);
  // A burst that takes longer than a period to come.
  TokenBucket slow({.count = 1, .per = 1s, .at_once = 5}, Duration{0});
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(slow.take(Duration{0}));
  EXPECT_EQ(slow.tokens(3s), 3);
  EXPECT_EQ(slow.tokens(9s), 5);
}

TEST(TokenBucket, goes_on_from_what_was_kept_of_it) {
  const Rate rate{.count = 4, .per = 1s};
  TokenBucket first(rate, Duration{0});
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(first.take(100ms * i));
  const TokenBucket second(rate, first.credit(), first.at());
  EXPECT_EQ(second.tokens(200ms), first.tokens(200ms));
  EXPECT_EQ(second.full_at(), first.full_at());
  EXPECT_EQ(second.until_next(200ms), first.until_next(200ms));
}

TEST(TokenBucket, a_clock_that_stands_still_gives_nothing_new) {
  TokenBucket bucket({.count = 1, .per = 1s}, 1s);
  EXPECT_FALSE(bucket.take(1s));
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(bucket.take(1s));
}

TEST(TokenBucket, what_is_owed_is_paid_before_the_next) {
  TokenBucket bucket({.count = 10, .per = 1s}, 0s);
  EXPECT_FALSE(bucket.take(0s));
  bucket.owe(14);
  EXPECT_EQ(bucket.tokens(0s), -5);
  EXPECT_EQ(bucket.until_next(0s), 600ms);
  EXPECT_EQ(bucket.take(599ms), 1ms);
  EXPECT_FALSE(bucket.take(600ms));
  TokenBucket kept(bucket.rate(), bucket.credit(), bucket.at());
  kept.owe(30);
  EXPECT_EQ(kept.full_at(), 600ms + 4s);
  EXPECT_FALSE(kept.full(4s));
  EXPECT_TRUE(kept.full(4600ms));
}

}  // namespace
}  // namespace esteira
