// Cron expressions: when something is to happen, on a wall's clock or by elapsed time.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/time_zone.hpp"
#include "esteira/time.hpp"

namespace esteira {

// "30 9 * * 1-5": minute, hour, day of month, month, day of week; with six fields the first is the
// second. A field is a list, by commas, of "*", "7", "1-5", and with a step "*/2", "1-9/2", "5/10"
// (from 5 to the end). Months and days have names (JAN, SUN; 0 and 7 are Sunday). Day of month: "L"
// is the month's last day. Day of week: "5L" the last Friday of the month, "5#2" its second.
// Where neither day field begins with "*", a day that fits one of them fits; else it fits both.
// Macros: @hourly @daily @midnight @weekly @monthly @yearly @annually, and "@every 90s".
struct CronExpression {
  // Of "@every": all else is unused.
  std::optional<Duration> every{};

  // Bit n stands for the value n.
  std::uint64_t seconds = 1;
  std::uint64_t minutes = 0;
  std::uint32_t hours = 0;
  std::uint32_t month_days = 0;
  bool last_month_day = false;
  std::uint16_t months = 0;
  std::uint8_t weekdays = 0;                   // 0: Sunday
  std::uint8_t last_weekdays = 0;              // "5L"
  std::array<std::uint8_t, 5> nth_weekdays{};  // "5#2", at [1]
  bool any_month_day = false;                  // the field begins with "*"
  bool any_weekday = false;
  bool any_hour = false;
  friend bool operator==(const CronExpression&, const CronExpression&) = default;
};

// Bounds are checked before anything is expanded, and what can never be (30 February) is refused
// here, so that no look for the next instant is in vain: the time taken is bounded by the length
// of the text (limits::cron_bytes_max). invalid_argument says which field is wrong and why.
[[nodiscard]] Expected<CronExpression> parse_cron(std::string_view text);

// When an expression's instants are.
//
// "@every" follows elapsed time: anchor + n × interval, n >= 1.
// Where the hour field begins with "*", elapsed time too: every instant at which the wall's clock
// shows a time that fits. In a repeated hour both halves count; what a gap skips is not made up.
// Else each local time that fits happens once: a repeated one the first time it is shown, one that
// a gap skips at the first instant after the gap. Local times that fall to the same instant are
// one.
struct CronRule {
  CronExpression expression;
  TimeZone zone;
  Time anchor{};  // of "@every"
};

// The first instant after `after`; nothing after the year 9999.
[[nodiscard]] std::optional<Time> next_after(const CronRule& rule, Time after);

}  // namespace esteira
