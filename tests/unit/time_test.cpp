#include "esteira/time.hpp"

#include <stdexcept>

#include <gtest/gtest.h>

namespace esteira::test {
namespace {

using namespace std::chrono_literals;

TEST(TimeText, good_times_are_read) {
  struct Row {
    const char* text;
    const char* same_as;
  };
  for (const Row& row : std::vector<Row>{
           {"2024-12-25T00:00:00Z", "2024-12-25T00:00:00Z"},
           {"2024-12-25t00:00:00z", "2024-12-25T00:00:00Z"},
           {"2024-12-25 00:00:00Z", "2024-12-25T00:00:00Z"},
           {"2024-12-25T00:00:00+00:00", "2024-12-25T00:00:00Z"},
           {"2024-12-25T00:00:00-00:00", "2024-12-25T00:00:00Z"},
           {"2024-12-24T21:00:00-03:00", "2024-12-25T00:00:00Z"},
           {"2024-12-25T05:45:00+05:45", "2024-12-25T00:00:00Z"},
           {"2024-12-31T23:59:00-23:59", "2025-01-01T23:58:00Z"},
           {"2024-02-29T12:00:00Z", "2024-02-29T12:00:00Z"},
           {"2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z"},
           {"2016-12-31T20:59:60.5-03:00", "2017-01-01T00:00:00.500Z"},
           {"2024-12-25T00:00:00.1Z", "2024-12-25T00:00:00.100Z"},
           {"2024-12-25T00:00:00.123456Z", "2024-12-25T00:00:00.123456Z"},
           {"2024-12-25T00:00:00.123456999Z", "2024-12-25T00:00:00.123456Z"},
           {"0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"},
           {"9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"},
           {"1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z"},
       }) {
    const auto time = try_parse_time(row.text);
    ASSERT_TRUE(time) << row.text << ": " << time.error().message;
    EXPECT_EQ(format_time(*time), row.same_as) << row.text;
  }
}

TEST(TimeText, bad_times_are_refused) {
  for (const std::string text : {"",
                                 "2024",
                                 "2024-12-25",
                                 "2024-12-25T00:00:00",
                                 "2024-12-25T00:00Z",
                                 "24-12-25T00:00:00Z",
                                 "2024-13-25T00:00:00Z",
                                 "2024-00-25T00:00:00Z",
                                 "2024-12-32T00:00:00Z",
                                 "2024-12-00T00:00:00Z",
                                 "2023-02-29T00:00:00Z",
                                 "2100-02-29T00:00:00Z",
                                 "0000-01-01T00:00:00Z",
                                 "0001-01-01T00:00:00+00:01",
                                 "9999-12-31T23:59:60Z",
                                 "9999-12-31T23:59:59-00:01",
                                 "2024-12-25T24:00:00Z",
                                 "2024-12-25T00:60:00Z",
                                 "2024-12-25T00:00:61Z",
                                 "2024-12-25T00:00:00.Z",
                                 "2024-12-25T00:00:00.1234567890Z",
                                 "2024-12-25T00:00:00+24:00",
                                 "2024-12-25T00:00:00+03:60",
                                 "2024-12-25T00:00:00+0300",
                                 "2024-12-25T00:00:00+3",
                                 "2024-12-25T00:00:00Zx",
                                 " 2024-12-25T00:00:00Z",
                                 "2024-12-25T00:00:00Z ",
                                 "2024-12-25X00:00:00Z",
                                 "2024/12/25T00:00:00Z",
                                 "now",
                                 "-2024-12-25T00:00:00Z",
                                 "+2024-12-25T00:00:00Z",
                                 "2024-12-25T-1:00:00Z",
                                 "1735084800",
                                 "2024-12-25T00:00:00,5Z",
                                 "２０２４-12-25T00:00:00Z"}) {
    const auto time = try_parse_time(text);
    ASSERT_FALSE(time) << text;
    EXPECT_EQ(time.error().code, ErrorCode::invalid_argument);
    EXPECT_FALSE(time.error().message.empty());
  }
}

TEST(TimeText, a_bad_time_can_be_thrown) {
  EXPECT_THROW(static_cast<void>(parse_time("tomorrow")), std::invalid_argument);
  EXPECT_EQ(parse_time("1970-01-01T00:00:01Z"), Time{1s});
}

TEST(TimeText, decimals_are_written_where_there_are_any) {
  const Time second = parse_time("2024-12-25T01:02:03Z");
  EXPECT_EQ(format_time(second), "2024-12-25T01:02:03Z");
  EXPECT_EQ(format_time(second + 40ms), "2024-12-25T01:02:03.040Z");
  EXPECT_EQ(format_time(second + 40ms + 1us), "2024-12-25T01:02:03.040001Z");
  EXPECT_EQ(format_time(Time{} - 1us), "1969-12-31T23:59:59.999999Z");
}

TEST(TimeText, what_is_written_is_read_again) {
  for (std::int64_t step = -1000; step <= 1000; ++step) {
    const Time time{Duration{step * 61'234'567'891'013}};
    EXPECT_EQ(parse_time(format_time(time)), time);
  }
}

TEST(DurationText, good_durations_are_read) {
  struct Row {
    const char* text;
    Duration duration;
  };
  for (const Row& row : std::vector<Row>{{"0", 0s},
                                         {"90", 90s},
                                         {"90s", 90s},
                                         {"5m", 5min},
                                         {"2h", 2h},
                                         {"1d", 24h},
                                         {"7d", 168h},
                                         {"250ms", 250ms},
                                         {"1.5s", 1500ms},
                                         {"0.25h", 15min},
                                         {"3652d", 24h * 3652}}) {
    const auto duration = parse_duration(row.text);
    ASSERT_TRUE(duration) << row.text;
    EXPECT_EQ(*duration, row.duration) << row.text;
  }
}

TEST(DurationText, bad_durations_are_refused) {
  for (const std::string text : {"",
                                 "s",
                                 "-1s",
                                 "-0.5h",
                                 "5x",
                                 "5 m",
                                 " 5m",
                                 "5m ",
                                 "5m3s",
                                 "1e3s",
                                 "inf",
                                 "nan",
                                 "NaN",
                                 "0x10s",
                                 "1..5s",
                                 "11000d",
                                 "1e999",
                                 "99999999999999999999999999d",
                                 "five minutes",
                                 "5M"}) {
    const auto duration = parse_duration(text);
    ASSERT_FALSE(duration) << text << " was read as " << duration->count();
    EXPECT_EQ(duration.error().code, ErrorCode::invalid_argument);
  }
}

TEST(DurationText, durations_are_written_for_people) {
  struct Row {
    Duration duration;
    const char* text;
  };
  for (const Row& row : std::vector<Row>{{0ms, "0µs"},
                                         {999us, "999µs"},
                                         {250ms, "250ms"},
                                         {1s, "1s"},
                                         {1500ms, "1.5s"},
                                         {123s, "2m 3s"},
                                         {120s, "2m"},
                                         {4h + 5min, "4h 5m"},
                                         {24h * 3 + 2h, "3d 2h"},
                                         {24h * 3 + 2h + 59min + 59s, "3d 2h"}}) {
    EXPECT_EQ(format_duration(row.duration), row.text);
  }
}

}  // namespace
}  // namespace esteira::test
