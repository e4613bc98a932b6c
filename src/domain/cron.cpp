#include "domain/cron.hpp"

#include <algorithm>
#include <bit>

namespace esteira {
namespace {

using std::chrono::local_days;
using std::chrono::months;
using std::chrono::seconds;
using std::chrono::year;
using std::chrono::year_month;
using std::chrono::year_month_day;

constexpr year last_year{9999};
constexpr seconds day_length = std::chrono::hours{24};
// A fifth Friday in February is at most 40 years away, and any other day less.
constexpr int months_looked_at = 12 * 41;
// The local times of two days, all of which a clock that is set back may show again.
constexpr int repeats_looked_at = 2 * 24 * 60 * 60;

// The lowest bit at or above `from`, or -1.
int next_bit(std::uint64_t bits, int from) {
  if (from > 63) return -1;
  const auto rest = bits & (~std::uint64_t{0} << from);
  return rest == 0 ? -1 : std::countr_zero(rest);
}

unsigned days_in(year_month month) {
  return static_cast<unsigned>((month / std::chrono::last).day());
}

// Bit n: the month's n-th day fits.
std::uint32_t fitting_days(const CronExpression& cron, year_month month) {
  const auto length = days_in(month);
  const auto whole = static_cast<std::uint32_t>((std::uint64_t{2} << length) - 2);
  std::uint32_t by_date = cron.month_days & whole;
  if (cron.last_month_day) by_date |= std::uint32_t{1} << length;
  std::uint32_t by_weekday = 0;
  auto weekday = std::chrono::weekday{local_days{month / 1}}.c_encoding();
  for (unsigned day = 1; day <= length; ++day, weekday = (weekday + 1) % 7) {
    const auto nth = cron.nth_weekdays[(day - 1) / 7];
    const auto last = day + 7 > length ? cron.last_weekdays : 0U;
    if (((cron.weekdays | nth | last) >> weekday & 1U) != 0) by_weekday |= std::uint32_t{1} << day;
  }
  const bool either = !cron.any_month_day && !cron.any_weekday;
  return either ? by_date | by_weekday : by_date & by_weekday;
}

// The first day at or after `from` that fits.
std::optional<local_days> next_day(const CronExpression& cron, local_days from) {
  const year_month_day date{from};
  year_month month{date.year(), date.month()};
  auto day = static_cast<unsigned>(date.day());
  for (int i = 0; i < months_looked_at && month.year() <= last_year; ++i) {
    if ((cron.months >> static_cast<unsigned>(month.month()) & 1U) != 0) {
      const int found = next_bit(fitting_days(cron, month), static_cast<int>(day));
      if (found > 0) return local_days{month / found};
    }
    month += months{1};
    day = 1;
  }
  return std::nullopt;
}

// The first time of day at or after `from` that fits.
std::optional<seconds> next_in_day(const CronExpression& cron, seconds from) {
  const auto at = static_cast<int>(from.count());
  int second = next_bit(cron.seconds, at % 60);
  int minute = next_bit(cron.minutes, at / 60 % 60);
  int hour = next_bit(cron.hours, at / 3600);
  if (hour < 0) return std::nullopt;
  const int first_second = std::countr_zero(cron.seconds);
  const int first_minute = std::countr_zero(cron.minutes);
  if (hour > at / 3600) {
    minute = first_minute;
    second = first_second;
  } else {
    if (minute == at / 60 % 60 && second < 0) minute = next_bit(cron.minutes, minute + 1);
    if (minute != at / 60 % 60 || second < 0) second = first_second;
    if (minute < 0) {
      hour = next_bit(cron.hours, hour + 1);
      minute = first_minute;
      second = first_second;
    }
  }
  if (hour < 0) return std::nullopt;
  return seconds{hour * 3600 + minute * 60 + second};
}

// The first local time at or after `from` that fits.
std::optional<LocalTime> next_local(const CronExpression& cron, LocalTime from) {
  const auto today = std::chrono::floor<std::chrono::days>(from);
  auto day = next_day(cron, today);
  if (!day) return std::nullopt;
  if (*day == today) {
    if (const auto time = next_in_day(cron, from - today)) return today + *time;
    day = next_day(cron, today + std::chrono::days{1});
    if (!day) return std::nullopt;
  }
  const auto first = next_in_day(cron, seconds{0});
  return first ? std::optional(*day + *first) : std::nullopt;
}

std::optional<Time> next_interval(Duration every, Time anchor, Time after) {
  if (after < anchor) return anchor + every;
  const auto next = anchor + ((after - anchor) / every + 1) * every;
  return next;
}

// Every instant whose local time fits, one span of the same offset after the other.
std::optional<Time> next_elapsed(const CronRule& rule, Time after) {
  auto from = std::chrono::floor<seconds>(after) + seconds{1};
  for (int i = 0; i < months_looked_at; ++i) {
    const auto span = rule.zone.at(from);
    const auto found =
        next_local(rule.expression, LocalTime{from.time_since_epoch() + span.offset});
    if (!found) return std::nullopt;
    const std::chrono::sys_seconds instant{found->time_since_epoch() - span.offset};
    if (instant < span.end) return instant;
    from = span.end;
  }
  return std::nullopt;
}

// Where the wall's clock stood highest until `after`: what it showed before was shown before.
LocalTime highest_shown(const TimeZone& zone, Time after) {
  const auto span = zone.at(after);
  const LocalTime shown = zone.local(after);
  const auto known_past = span.begin > std::chrono::sys_days{year{1} / 1 / 1};
  if (!known_past) return shown;
  const auto before = zone.at(Time{span.begin} - Duration{1});
  // The last second before the clock was set back, or shown already.
  return std::max(shown, LocalTime{span.begin.time_since_epoch() + before.offset} - seconds{1});
}

// Each local time that fits, once.
std::optional<Time> next_once(const CronRule& rule, Time after) {
  auto from = highest_shown(rule.zone, after) + seconds{1};
  for (int i = 0; i < repeats_looked_at; ++i) {
    const auto found = next_local(rule.expression, from);
    if (!found) return std::nullopt;
    const auto instants = rule.zone.instants(*found);
    const Time instant = instants.first.value_or(instants.after_gap);
    if (instant > after) return instant;
    from = *found + seconds{1};
  }
  return std::nullopt;
}

}  // namespace

std::optional<Time> next_after(const CronRule& rule, Time after) {
  if (rule.expression.every) return next_interval(*rule.expression.every, rule.anchor, after);
  return rule.expression.any_hour ? next_elapsed(rule, after) : next_once(rule, after);
}

}  // namespace esteira
