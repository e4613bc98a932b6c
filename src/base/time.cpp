#include "esteira/time.hpp"

#include <charconv>
#include <cmath>
#include <stdexcept>

#include <fmt/format.h>

namespace esteira {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration duration_max = days{3653};  // ten years
constexpr Time first_time{std::chrono::sys_days{std::chrono::year{1} / 1 / 1}};
constexpr Time end_of_times{std::chrono::sys_days{std::chrono::year{10'000} / 1 / 1}};

Expected<Time> bad_time(std::string_view text, std::string_view why) {
  return fail(ErrorCode::invalid_argument,
              fmt::format("'{}' is not an RFC 3339 time such as 2024-12-25T00:00:00Z: {}",
                          text.substr(0, 40), why));
}

// Reads fixed-width fields from the front of a text.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_(text) {}

  bool digits(std::size_t count, int& value) {
    if (rest_.size() < count) return false;
    value = 0;
    for (const char c : rest_.substr(0, count)) {
      if (c < '0' || c > '9') return false;
      value = value * 10 + (c - '0');
    }
    rest_.remove_prefix(count);
    return true;
  }
  bool any_of(std::string_view characters) {
    if (rest_.empty() || characters.find(rest_.front()) == std::string_view::npos) return false;
    last_ = rest_.front();
    rest_.remove_prefix(1);
    return true;
  }
  // Up to 9 decimals; microseconds are kept.
  bool decimals(std::int64_t& micros) {
    std::size_t count = 0;
    micros = 0;
    while (count < rest_.size() && rest_[count] >= '0' && rest_[count] <= '9') {
      if (count < 6) micros = micros * 10 + (rest_[count] - '0');
      ++count;
    }
    for (std::size_t i = count; i < 6; ++i) micros *= 10;
    rest_.remove_prefix(count);
    return count >= 1 && count <= 9;
  }
  [[nodiscard]] char last() const { return last_; }
  [[nodiscard]] bool done() const { return rest_.empty(); }

 private:
  std::string_view rest_;
  char last_ = 0;
};

bool read_offset(Reader& reader, minutes& offset) {
  if (reader.any_of("Zz")) return true;
  if (!reader.any_of("+-")) return false;
  const int sign = reader.last() == '-' ? -1 : 1;
  int hour = 0;
  int minute = 0;
  if (!reader.digits(2, hour) || !reader.any_of(":") || !reader.digits(2, minute)) return false;
  if (hour > 23 || minute > 59) return false;
  offset = sign * (hours{hour} + minutes{minute});
  return true;
}

}  // namespace

Expected<Time> try_parse_time(std::string_view text) {
  Reader reader(text);
  int year = 0;
  int month = 0;
  int day = 0;
  if (!reader.digits(4, year) || !reader.any_of("-") || !reader.digits(2, month) ||
      !reader.any_of("-") || !reader.digits(2, day)) {
    return bad_time(text, "the date is not YYYY-MM-DD");
  }
  const std::chrono::year_month_day date{std::chrono::year{year},
                                         std::chrono::month{static_cast<unsigned>(month)},
                                         std::chrono::day{static_cast<unsigned>(day)}};
  if (year < 1 || !date.ok()) return bad_time(text, "there is no such day");
  int hour = 0;
  int minute = 0;
  int second = 0;
  if (!reader.any_of("Tt ") || !reader.digits(2, hour) || !reader.any_of(":") ||
      !reader.digits(2, minute) || !reader.any_of(":") || !reader.digits(2, second)) {
    return bad_time(text, "the time is not HH:MM:SS");
  }
  if (hour > 23 || minute > 59 || second > 60)
    return bad_time(text, "there is no such time of day");
  std::int64_t micros = 0;
  if (reader.any_of(".") && !reader.decimals(micros)) return bad_time(text, "bad decimals");
  minutes offset{0};
  if (!read_offset(reader, offset)) return bad_time(text, "the offset is not Z or +HH:MM");
  if (!reader.done()) return bad_time(text, "something follows the offset");
  const Time time = Time{std::chrono::sys_days{date}} + hours{hour} + minutes{minute} +
                    seconds{second} + microseconds{micros} - offset;
  // An offset or a leap second can lead out of the years that can be written again.
  if (time < first_time || time >= end_of_times) return bad_time(text, "the year is not 1 to 9999");
  return time;
}

Time parse_time(std::string_view text) {
  auto time = try_parse_time(text);
  if (!time) throw std::invalid_argument(time.error().message);
  return *time;
}

std::string format_time(Time time) {
  const auto day = std::chrono::floor<days>(time);
  const std::chrono::year_month_day date{day};
  const std::chrono::hh_mm_ss clock{time - day};
  auto text = fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}", static_cast<int>(date.year()),
                          static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                          clock.hours().count(), clock.minutes().count(), clock.seconds().count());
  const auto micros = clock.subseconds().count();
  if (micros % 1000 != 0) {
    text += fmt::format(".{:06}", micros);
  } else if (micros != 0) {
    text += fmt::format(".{:03}", micros / 1000);
  }
  return text + 'Z';
}

Expected<Duration> parse_duration(std::string_view text) {
  double number = 0;
  const auto* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number, std::chars_format::fixed);
  const std::string_view unit(rest, static_cast<std::size_t>(end - rest));
  double scale = 0;
  if (unit.empty() || unit == "s") scale = 1e6;
  if (unit == "ms") scale = 1e3;
  if (unit == "m" || unit == "min") scale = 60e6;
  if (unit == "h") scale = 3600e6;
  if (unit == "d") scale = 86400e6;
  if (error != std::errc{} || scale == 0 || !(number >= 0)) {
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("'{}' is not a duration such as 250ms, 90s, 5m, 2h or 7d", text.substr(0, 40)));
  }
  if (number * scale > static_cast<double>(duration_max.count())) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("'{}' is longer than ten years", text.substr(0, 40)));
  }
  return Duration{std::llround(number * scale)};
}

std::string format_duration(Duration duration) {
  if (duration < Duration{0}) return '-' + format_duration(-duration);
  if (duration < seconds{1}) {
    return duration < std::chrono::milliseconds{1} ? fmt::format("{}µs", duration.count())
                                                   : fmt::format("{}ms", duration.count() / 1000);
  }
  if (duration < minutes{1}) {
    return fmt::format("{:.3g}s", static_cast<double>(duration.count()) / 1e6);
  }
  const auto whole = std::chrono::duration_cast<seconds>(duration).count();
  const auto pair = [](std::int64_t big, char big_unit, std::int64_t small, char small_unit) {
    return small == 0 ? fmt::format("{}{}", big, big_unit)
                      : fmt::format("{}{} {}{}", big, big_unit, small, small_unit);
  };
  if (whole < 3600) return pair(whole / 60, 'm', whole % 60, 's');
  if (whole < 86400) return pair(whole / 3600, 'h', whole % 3600 / 60, 'm');
  return pair(whole / 86400, 'd', whole % 86400 / 3600, 'h');
}

}  // namespace esteira
