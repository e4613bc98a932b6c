// The text of cron expressions.
#include <algorithm>
#include <bit>
#include <charconv>
#include <span>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "domain/cron.hpp"
#include "domain/limits.hpp"

namespace esteira {
namespace {

constexpr std::size_t name_length = 3;
constexpr int sunday = 7;  // as the end of a range

struct Field {
  std::string_view name;
  int least;
  int most;
  std::string_view names = "";  // of three letters each, the first for `least`
};
constexpr Field second_field{"second", 0, 59};
constexpr Field minute_field{"minute", 0, 59};
constexpr Field hour_field{"hour", 0, 23};
constexpr Field month_day_field{"day of month", 1, 31};
constexpr Field month_field{"month", 1, 12, "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC"};
// Up to 7, which is 0 again.
constexpr Field weekday_field{"day of week", 0, sunday, "SUNMONTUEWEDTHUFRISAT"};

std::unexpected<Error> refuse(std::string message) {
  return fail(ErrorCode::invalid_argument, std::move(message));
}
std::unexpected<Error> refuse(const Field& field, std::string_view message) {
  return refuse(fmt::format("the {}: {}", field.name, message));
}

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

std::optional<int> named_value(std::string_view text, const Field& field) {
  if (text.size() != name_length) return std::nullopt;
  for (std::size_t at = 0; at < field.names.size(); at += name_length) {
    if (std::ranges::equal(text, field.names.substr(at, name_length), {}, upper)) {
      return field.least + static_cast<int>(at / name_length);
    }
  }
  return std::nullopt;
}

Expected<int> number(std::string_view text, const Field& field) {
  int value = 0;
  const auto* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  const bool digits = !text.empty() && text.front() >= '0' && text.front() <= '9';
  if (!digits || error != std::errc{} || stop != end) {
    return refuse(field, "a value is a number or, of months and days of the week, a name");
  }
  return value;
}

Expected<int> value(std::string_view text, const Field& field) {
  if (const auto named = named_value(text, field)) return *named;
  const int found = ESTEIRA_TRY(number(text, field));
  if (found >= field.least && found <= field.most) return found;
  return refuse(field, fmt::format("must be from {} to {}", field.least, field.most));
}

struct Range {
  int first;
  int last;
  int step = 1;
};

Expected<Range> base_range(std::string_view text, const Field& field, bool stepped) {
  if (text == "*") return Range{field.least, field.most};
  const auto dash = text.find('-');
  if (dash == std::string_view::npos) {
    const int only = ESTEIRA_TRY(value(text, field));
    return Range{only, stepped ? field.most : only};
  }
  Range range{ESTEIRA_TRY(value(text.substr(0, dash), field)),
              ESTEIRA_TRY(value(text.substr(dash + 1), field))};
  // "SAT-SUN": a week may end on Sunday.
  if (&field == &weekday_field && range.last == 0) range.last = sunday;
  if (range.first > range.last) return refuse(field, "a range's end must not be before its start");
  return range;
}

// "*", "5", "1-5", and with "/step".
Expected<std::uint64_t> range_bits(std::string_view text, const Field& field) {
  const auto slash = text.find('/');
  const bool stepped = slash != std::string_view::npos;
  auto range = ESTEIRA_TRY(base_range(text.substr(0, slash), field, stepped));
  if (stepped) {
    range.step = ESTEIRA_TRY(number(text.substr(slash + 1), field));
    if (range.step < 1 || range.step > field.most) {
      return refuse(field, fmt::format("a step must be from 1 to {}", field.most));
    }
  }
  // "*" and "5/2" stop before the second Sunday.
  const bool open = &field == &weekday_field && text.find('-') == std::string_view::npos && stepped;
  if (open) range.last = sunday - 1;
  std::uint64_t bits = 0;
  for (int at = range.first; at <= range.last; at += range.step) bits |= std::uint64_t{1} << at;
  return bits;
}

std::uint8_t day_bits(std::uint64_t bits) {
  return static_cast<std::uint8_t>((bits & 0x7F) | (bits >> sunday & 1));
}

Expected<std::uint8_t> one_day(std::string_view text) {
  return day_bits(std::uint64_t{1} << ESTEIRA_TRY(value(text, weekday_field)));
}

Expected<void> add_month_day(CronExpression& cron, std::string_view item) {
  if (item == "L" || item == "l") {
    cron.last_month_day = true;
    return {};
  }
  cron.month_days |= static_cast<std::uint32_t>(ESTEIRA_TRY(range_bits(item, month_day_field)));
  return {};
}

Expected<void> add_weekday(CronExpression& cron, std::string_view item) {
  if (const auto mark = item.find('#'); mark != std::string_view::npos) {
    const auto day = ESTEIRA_TRY(one_day(item.substr(0, mark)));
    const int nth = ESTEIRA_TRY(number(item.substr(mark + 1), weekday_field));
    if (nth < 1 || nth > std::ssize(cron.nth_weekdays)) {
      return refuse(weekday_field, "after \"#\" stands a number from 1 to 5");
    }
    cron.nth_weekdays[static_cast<std::size_t>(nth - 1)] |= day;
    return {};
  }
  if (item.size() > 1 && upper(item.back()) == 'L') {
    cron.last_weekdays |= ESTEIRA_TRY(one_day(item.substr(0, item.size() - 1)));
    return {};
  }
  cron.weekdays |= day_bits(ESTEIRA_TRY(range_bits(item, weekday_field)));
  return {};
}

// Calls `add` with each item of a list.
template <class Add>
Expected<void> each_item(std::string_view list, const Add& add) {
  while (true) {
    const auto comma = list.find(',');
    ESTEIRA_TRY(add(list.substr(0, comma)));
    if (comma == std::string_view::npos) return {};
    list.remove_prefix(comma + 1);
  }
}

Expected<std::uint64_t> list_bits(std::string_view list, const Field& field) {
  std::uint64_t bits = 0;
  const auto add = [&](std::string_view item) -> Expected<void> {
    bits |= ESTEIRA_TRY(range_bits(item, field));
    return {};
  };
  ESTEIRA_TRY(each_item(list, add));
  return bits;
}

// A month is never longer than this.
constexpr std::array<int, 13> longest{0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

Expected<void> check_possible(const CronExpression& cron) {
  // Every weekday, also a fifth one, comes in any month of some year.
  const bool by_weekday = !cron.any_month_day && !cron.any_weekday;
  if (by_weekday || cron.last_month_day) return {};
  const int first = std::countr_zero(cron.month_days);
  for (std::size_t month = 1; month < longest.size(); ++month) {
    if ((cron.months >> month & 1U) != 0 && first <= longest[month]) return {};
  }
  return refuse("no month that is named has such a day: it would never happen");
}

Expected<CronExpression> parse_fields(std::span<const std::string_view> fields) {
  CronExpression cron;
  if (fields.size() == 6) {
    cron.seconds = ESTEIRA_TRY(list_bits(fields[0], second_field));
    fields = fields.subspan(1);
  }
  cron.minutes = ESTEIRA_TRY(list_bits(fields[0], minute_field));
  cron.hours = static_cast<std::uint32_t>(ESTEIRA_TRY(list_bits(fields[1], hour_field)));
  cron.months = static_cast<std::uint16_t>(ESTEIRA_TRY(list_bits(fields[3], month_field)));
  const auto month_day = [&](std::string_view item) { return add_month_day(cron, item); };
  ESTEIRA_TRY(each_item(fields[2], month_day));
  const auto weekday = [&](std::string_view item) { return add_weekday(cron, item); };
  ESTEIRA_TRY(each_item(fields[4], weekday));
  cron.any_hour = fields[1].front() == '*';
  cron.any_month_day = fields[2].front() == '*';
  cron.any_weekday = fields[4].front() == '*';
  ESTEIRA_TRY(check_possible(cron));
  return cron;
}

Expected<CronExpression> parse_every(std::string_view text) {
  const auto every = parse_duration(text);
  if (!every || *every < limits::schedule_interval_min || *every > limits::schedule_interval_max ||
      *every % std::chrono::seconds{1} != Duration{0}) {
    return refuse(
        "after @every stands a time in whole seconds such as 30s, 5m or 1h, of at most "
        "366 days");
  }
  return CronExpression{.every = *every};
}

std::string_view macro(std::string_view name) {
  if (name == "@hourly") return "0 * * * *";
  if (name == "@daily" || name == "@midnight") return "0 0 * * *";
  if (name == "@weekly") return "0 0 * * 0";
  if (name == "@monthly") return "0 0 1 * *";
  if (name == "@yearly" || name == "@annually") return "0 0 1 1 *";
  return "";
}

std::vector<std::string_view> words(std::string_view text) {
  constexpr std::string_view blanks = " \t";
  std::vector<std::string_view> found;
  while (true) {
    const auto start = text.find_first_not_of(blanks);
    if (start == std::string_view::npos) return found;
    text.remove_prefix(start);
    const auto end = text.find_first_of(blanks);
    found.push_back(text.substr(0, end));
    if (end == std::string_view::npos) return found;
    text.remove_prefix(end);
  }
}

}  // namespace

Expected<CronExpression> parse_cron(std::string_view text) {
  if (text.size() > limits::cron_bytes_max) {
    return refuse(fmt::format("must be at most {} bytes", limits::cron_bytes_max));
  }
  const auto found = words(text);
  if (found.size() == 2 && found.front() == "@every") return parse_every(found.back());
  if (found.size() == 1 && found.front().front() == '@') {
    const auto known = macro(found.front());
    if (known.empty()) {
      return refuse(
          "is none of @hourly, @daily, @midnight, @weekly, @monthly, @yearly, @annually "
          "and @every 30s");
    }
    return parse_fields(words(known));
  }
  if (found.size() != 5 && found.size() != 6) {
    return refuse(
        "must have five fields: minute, hour, day of month, month, day of week; or six, "
        "with the second first");
  }
  return parse_fields(found);
}

}  // namespace esteira
