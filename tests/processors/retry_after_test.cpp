#include "processors/http_request/retry_after.hpp"

#include <gtest/gtest.h>

namespace esteira::processors {
namespace {

using namespace std::chrono_literals;

const Time now = parse_time("2024-12-25T12:00:00Z");
constexpr Duration most = 1h;

std::optional<Duration> delay_of(std::string_view text, std::string_view date = "") {
  return retry_after_delay({.retry_after = text, .date = date}, now, most);
}

TEST(RetryAfter, seconds_are_taken_within_their_bounds) {
  EXPECT_EQ(delay_of("7"), Duration(7s));
  EXPECT_EQ(delay_of("0"), Duration(1s));
  EXPECT_EQ(delay_of("3600"), most);
  EXPECT_EQ(delay_of("3601"), most);
  EXPECT_EQ(delay_of("99999999999999999999999999"), most);
}

TEST(RetryAfter, a_date_in_any_of_its_three_forms_is_taken) {
  EXPECT_EQ(delay_of("Wed, 25 Dec 2024 12:00:30 GMT"), Duration(30s));
  EXPECT_EQ(delay_of("Wednesday, 25-Dec-24 12:00:30 GMT"), Duration(30s));
  EXPECT_EQ(delay_of("Wed Dec 25 12:00:30 2024"), Duration(30s));
}

TEST(RetryAfter, a_date_is_read_by_the_servers_own_clock) {
  EXPECT_EQ(delay_of("Wed, 25 Dec 2024 18:00:30 GMT", "Wed, 25 Dec 2024 18:00:00 GMT"),
            Duration(30s));
}

TEST(RetryAfter, a_past_or_distant_date_is_bounded) {
  EXPECT_EQ(delay_of("Wed, 25 Dec 2024 11:00:00 GMT"), Duration(1s));
  EXPECT_EQ(delay_of("Wed, 25 Dec 2030 11:00:00 GMT"), most);
}

TEST(RetryAfter, what_is_neither_says_nothing) {
  for (const auto* text : {"", "-1", "1.5", "soon", "1e3", "0x10", "Wed, 99 Foo 2024",
                           "Sun, 06 Nov 999999 08:49:37 GMT", "12 13"}) {
    EXPECT_EQ(delay_of(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace esteira::processors
