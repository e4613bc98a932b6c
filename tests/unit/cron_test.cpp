// Cron expressions: what they say, what is refused, and when they happen.
#include "domain/cron.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "domain/limits.hpp"
#include "support/expectations.hpp"

namespace esteira::test {
namespace {

using namespace std::chrono_literals;

std::string refusal(std::string_view text) { return error_of(parse_cron(text)).message; }

// The next instants, as the wall shows them.
std::vector<std::string> next(std::string_view cron, std::string_view zone, std::string_view after,
                              int count) {
  const auto time_zone = must(TimeZone::find(zone));
  const CronRule rule{.expression = must(parse_cron(cron)),
                      .zone = time_zone,
                      .anchor = parse_time("2026-01-01T00:00:00Z")};
  std::vector<std::string> all;
  auto at = parse_time(after);
  for (int i = 0; i < count; ++i) {
    const auto found = next_after(rule, at);
    if (!found) break;
    at = *found;
    all.push_back(format_local(time_zone, at));
  }
  return all;
}

using Times = std::vector<std::string>;

TEST(Cron, means_the_same_in_every_spelling) {
  const std::vector<std::vector<std::string_view>> same{
      {"0 0 * * 0", "0 0 * * 7", "0 0 * * SUN", "0 0 * * sun", "@weekly", "0 0 0 * * 0",
       " 0\t0 * * 0 "},
      {"0 0 1 1 *", "0 0 1 JAN *", "@yearly", "@annually"},
      {"0 0 * * *", "@daily", "@midnight"},
      {"0 * * * *", "@hourly"},
      {"0 0 1 * *", "@monthly"},
      {"0 9 * * 1-5", "0 9 * * MON-FRI", "0 9 * * 1,2,3,4,5", "0 9 * * 1-3,4,4-5"},
      {"0 0 * * 6,0", "0 0 * * SAT-SUN", "0 0 * * 6-7", "0 0 * * 6-0"},
      {"0,15,30,45 9 * * 1", "0/15 9 * * 1", "0-59/15 9 * * 1"},
      {"0 0 * * 5L", "0 0 * * FRIL", "0 0 * * fril"},
      {"0 0 * * 5#2", "0 0 * * FRI#2"},
      {"0 0 * * 1,3,5", "0 0 * * 1/2"},
      {"@every 90s", "@every 90"},
  };
  for (const auto& group : same) {
    const auto first = must(parse_cron(group.front()));
    for (const auto text : group) {
      EXPECT_EQ(must(parse_cron(text)), first) << text;
    }
  }
}

TEST(Cron, refuses_what_it_cannot_read) {
  for (const auto* text : {"",
                           "*",
                           "* * * *",
                           "* * * * * * *",
                           "60 * * * *",
                           "* 24 * * *",
                           "* * 0 * *",
                           "* * 32 * *",
                           "* * * 0 *",
                           "* * * 13 *",
                           "* * * * 8",
                           "60 * * * * *",
                           "-1 * * * *",
                           "1- * * * *",
                           "-5 * * * *",
                           "5-1 * * * *",
                           "1--5 * * * *",
                           "1-2-3 * * * *",
                           "*/0 * * * *",
                           "*/60 * * * *",
                           "*/ * * * *",
                           "/5 * * * *",
                           "*5 * * * *",
                           "** * * * *",
                           ", * * * *",
                           "1,,2 * * * *",
                           "1, * * * *",
                           "+1 * * * *",
                           "0x1 * * * *",
                           "1.5 * * * *",
                           "99999999999999999999 * * * *",
                           "* * * FOO *",
                           "* * * JANU *",
                           "* * * * FRI#0",
                           "* * * * FRI#6",
                           "* * * * FRI#",
                           "* * * * #2",
                           "* * * * L",
                           "* * L-3 * *",
                           "* * 15W * *",
                           "* * LL * *",
                           "* * * * 1-5L",
                           "* * * * 1-5#2",
                           "JAN * * * *",
                           "* FRI * * *",
                           "@",
                           "@often",
                           "@daily 5",
                           "@every",
                           "@every 0s",
                           "@every 1ms",
                           "@every 1500ms",
                           "@every 367d",
                           "@every x",
                           "@every 1s 2s",
                           "* * * * \n*"}) {
    EXPECT_EQ(error_of(parse_cron(text)).code, ErrorCode::invalid_argument) << text;
  }
  EXPECT_EQ(error_of(parse_cron(std::string(limits::cron_bytes_max + 1, '*'))).code,
            ErrorCode::invalid_argument);
  EXPECT_EQ(refusal("* 24 * * *"), "the hour: must be from 0 to 23");
}

TEST(Cron, refuses_what_can_never_be) {
  for (const auto* text :
       {"0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 30-31 FEB *", "* * * 31 2 *"}) {
    EXPECT_NE(refusal(text).find("never"), std::string::npos) << text;
  }
  // These can: a leap year's day, a weekday instead, the last day.
  for (const auto* text :
       {"0 0 29 2 *", "0 0 31 2 1", "0 0 L 2 *", "0 0 31 2,3 *", "0 0 * 2 5#5"}) {
    EXPECT_TRUE(parse_cron(text)) << text;
  }
}

// As far as a bound can be shown without a clock: the longest texts expand to no more than a bit
// for each value, and the rarest day is found.
TEST(Cron, finds_the_rarest_days) {
  EXPECT_EQ(next("0 0 29 2 *", "UTC", "2097-01-01T00:00:00Z", 1),
            Times{"2104-02-29T00:00:00+00:00"});
  // No February has a fifth Friday, or a fifth Sunday, in the forty years between.
  EXPECT_EQ(next("0 0 * 2 5#5", "UTC", "2284-03-01T00:00:00Z", 1),
            Times{"2324-02-29T00:00:00+00:00"});
  EXPECT_EQ(next("* * * 2 0#5", "America/New_York", "2280-03-01T12:00:00Z", 1),
            Times{"2320-02-29T00:00:00-05:00"});
  EXPECT_TRUE(next("0 0 1 1 *", "UTC", "9999-06-01T00:00:00Z", 1).empty());
}

TEST(Cron, follows_its_fields) {
  EXPECT_EQ(next("30 9 * * 1-5", "America/Sao_Paulo", "2026-11-27T12:00:00Z", 3),
            (Times{"2026-11-27T09:30:00-03:00", "2026-11-30T09:30:00-03:00",
                   "2026-12-01T09:30:00-03:00"}));
  EXPECT_EQ(next("15,45 30 8 * * *", "UTC", "2026-01-01T08:30:15Z", 2),
            (Times{"2026-01-01T08:30:45+00:00", "2026-01-02T08:30:15+00:00"}));
  EXPECT_EQ(next("0 0 L * *", "UTC", "2028-01-31T00:00:00Z", 2),
            (Times{"2028-02-29T00:00:00+00:00", "2028-03-31T00:00:00+00:00"}));
  EXPECT_EQ(next("0 0 * * 5L", "UTC", "2026-01-01T00:00:00Z", 2),
            (Times{"2026-01-30T00:00:00+00:00", "2026-02-27T00:00:00+00:00"}));
  EXPECT_EQ(next("0 0 * * 5#2", "UTC", "2026-01-01T00:00:00Z", 2),
            (Times{"2026-01-09T00:00:00+00:00", "2026-02-13T00:00:00+00:00"}));
  EXPECT_EQ(next("59 23 31 12 *", "UTC", "2026-12-31T23:59:00.000001Z", 1),
            Times{"2027-12-31T23:59:00+00:00"});
  EXPECT_EQ(next("0 0 1,15 * *", "UTC", "2026-01-01T00:00:00Z", 2),
            (Times{"2026-01-15T00:00:00+00:00", "2026-02-01T00:00:00+00:00"}));
  EXPECT_EQ(next("50 10,20 * * *", "UTC", "2026-01-01T10:50:00Z", 2),
            (Times{"2026-01-01T20:50:00+00:00", "2026-01-02T10:50:00+00:00"}));
}

TEST(Cron, takes_either_day_where_both_are_given) {
  // 1 January 2026 is a Thursday.
  EXPECT_EQ(next("0 0 13 * 5", "UTC", "2026-01-03T00:00:00Z", 3),
            (Times{"2026-01-09T00:00:00+00:00", "2026-01-13T00:00:00+00:00",
                   "2026-01-16T00:00:00+00:00"}));
  // A field that begins with "*" does not choose days by itself.
  EXPECT_EQ(next("0 0 */2 * 5", "UTC", "2026-01-03T00:00:00Z", 2),
            (Times{"2026-01-09T00:00:00+00:00", "2026-01-23T00:00:00+00:00"}));
}

TEST(Cron, counts_intervals_from_the_anchor) {
  EXPECT_EQ(next("@every 90s", "UTC", "2026-01-01T00:00:00Z", 2),
            (Times{"2026-01-01T00:01:30+00:00", "2026-01-01T00:03:00+00:00"}));
  EXPECT_EQ(next("@every 90s", "UTC", "2026-01-01T00:02:59.999999Z", 1),
            Times{"2026-01-01T00:03:00+00:00"});
  EXPECT_EQ(next("@every 1h", "UTC", "2020-01-01T00:00:00Z", 1),
            Times{"2026-01-01T01:00:00+00:00"});
}

// New York, 8 March 2026: 02:00 to 03:00 is skipped.
TEST(CronAtAGap, makes_a_fixed_time_happen_at_the_first_valid_instant) {
  EXPECT_EQ(next("30 2 * * *", "America/New_York", "2026-03-07T06:00:00Z", 3),
            (Times{"2026-03-07T02:30:00-05:00", "2026-03-08T03:00:00-04:00",
                   "2026-03-09T02:30:00-04:00"}));
}

TEST(CronAtAGap, makes_one_of_the_times_that_fall_to_one_instant) {
  EXPECT_EQ(next("0,20,40 2,3 * * *", "America/New_York", "2026-03-08T06:59:59Z", 3),
            (Times{"2026-03-08T03:00:00-04:00", "2026-03-08T03:20:00-04:00",
                   "2026-03-08T03:40:00-04:00"}));
}

TEST(CronAtAGap, makes_nothing_up_for_elapsed_time) {
  EXPECT_EQ(next("30 * * * *", "America/New_York", "2026-03-08T06:00:00Z", 2),
            (Times{"2026-03-08T01:30:00-05:00", "2026-03-08T03:30:00-04:00"}));
}

TEST(CronAtAGap, knows_gaps_of_half_an_hour_and_of_a_day) {
  EXPECT_EQ(next("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00:00Z", 2),
            (Times{"2026-10-04T02:30:00+11:00", "2026-10-05T02:15:00+11:00"}));
  // Samoa left out 30 December 2011.
  EXPECT_EQ(next("0 9 * * *", "Pacific/Apia", "2011-12-29T12:00:00Z", 3),
            (Times{"2011-12-29T09:00:00-10:00", "2011-12-31T00:00:00+14:00",
                   "2011-12-31T09:00:00+14:00"}));
  // Brazil set its clocks at midnight.
  EXPECT_EQ(next("@daily", "America/Sao_Paulo", "2018-11-03T12:00:00Z", 2),
            (Times{"2018-11-04T01:00:00-02:00", "2018-11-05T00:00:00-02:00"}));
}

// New York, 1 November 2026: 01:00 to 02:00 comes twice.
TEST(CronAtARepetition, makes_a_fixed_time_happen_the_first_time_only) {
  EXPECT_EQ(next("30 1 * * *", "America/New_York", "2026-11-01T04:00:00Z", 2),
            (Times{"2026-11-01T01:30:00-04:00", "2026-11-02T01:30:00-05:00"}));
  // Also when asked in the second of the two hours.
  EXPECT_EQ(next("30 1 * * *", "America/New_York", "2026-11-01T06:10:00Z", 1),
            Times{"2026-11-02T01:30:00-05:00"});
  EXPECT_EQ(next("*/30 1-2 * * *", "America/New_York", "2026-11-01T05:00:00Z", 3),
            (Times{"2026-11-01T01:30:00-04:00", "2026-11-01T02:00:00-05:00",
                   "2026-11-01T02:30:00-05:00"}));
}

TEST(CronAtARepetition, goes_on_with_elapsed_time) {
  EXPECT_EQ(next("30 * * * *", "America/New_York", "2026-11-01T05:00:00Z", 3),
            (Times{"2026-11-01T01:30:00-04:00", "2026-11-01T01:30:00-05:00",
                   "2026-11-01T02:30:00-05:00"}));
}

TEST(TimeZone, takes_names_and_nothing_else) {
  for (const auto* name :
       {"UTC", "America/Sao_Paulo", "Asia/Kolkata", "Etc/GMT+3", "Brazil/East"}) {
    EXPECT_EQ(must(TimeZone::find(name)).name(), name);
  }
  for (const auto* name : {"", "Mars/Olympus", "../zoneinfo/UTC", "/usr/share/zoneinfo/UTC",
                           "America/../UTC", "america/sao_paulo", "America", "localtime", "Factory",
                           "posix/UTC", "right/UTC", "zone.tab", "UTC ", "UTC\n", "-03:00"}) {
    EXPECT_EQ(error_of(TimeZone::find(name)).code, ErrorCode::invalid_argument) << name;
  }
  EXPECT_FALSE(TimeZone::find(std::string("UTC\0", 4)));
  EXPECT_FALSE(TimeZone::find(std::string(100'000, 'A')));
}

TEST(TimeZone, writes_offsets_of_every_kind) {
  const auto shown = [](std::string_view zone, std::string_view time) {
    return format_local(must(TimeZone::find(zone)), parse_time(time));
  };
  EXPECT_EQ(shown("UTC", "2026-01-01T00:00:00Z"), "2026-01-01T00:00:00+00:00");
  EXPECT_EQ(shown("Asia/Kolkata", "2026-01-01T00:00:00.5Z"), "2026-01-01T05:30:00.500+05:30");
  EXPECT_EQ(shown("America/St_Johns", "2026-01-01T00:00:00Z"), "2025-12-31T20:30:00-03:30");
  EXPECT_EQ(shown("Africa/Monrovia", "1970-01-01T00:00:00Z"), "1969-12-31T23:15:30-00:44:30");
}

}  // namespace
}  // namespace esteira::test
