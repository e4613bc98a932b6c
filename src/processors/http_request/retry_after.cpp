#include "processors/http_request/retry_after.hpp"

#include <algorithm>
#include <charconv>
#include <string>

#include <curl/curl.h>

namespace esteira::processors {
namespace {

constexpr Duration delay_min = std::chrono::seconds{1};
constexpr std::int64_t seconds_max = 253'402'300'799;  // the end of the year 9999

std::optional<Time> parse_http_date(std::string_view text) {
  // A date begins with the name of a day: curl would also take a bare year or "now".
  if (text.find(',') == std::string_view::npos && text.find(':') == std::string_view::npos) {
    return std::nullopt;
  }
  const auto seconds = curl_getdate(std::string(text).c_str(), nullptr);
  if (seconds < 0 || seconds > seconds_max) return std::nullopt;
  return Time(std::chrono::seconds(seconds));
}

// Digits only; a number too large for us is as good as the largest.
std::optional<Duration> parse_seconds(std::string_view text, Duration delay_max) {
  if (text.find_first_not_of("0123456789") != std::string_view::npos) return std::nullopt;
  std::int64_t seconds = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), seconds);
  const auto longest = std::chrono::duration_cast<std::chrono::seconds>(delay_max).count();
  if (read.ec == std::errc::result_out_of_range || seconds > longest) return delay_max;
  return std::chrono::seconds(seconds);
}

}  // namespace

std::optional<Duration> retry_after_delay(const RetryAfterHeaders& headers, Time now,
                                          Duration delay_max) {
  const auto text = headers.retry_after;
  if (text.empty()) return std::nullopt;
  auto delay = parse_seconds(text, delay_max);
  if (!delay) {
    const auto at = parse_http_date(text);
    if (!at) return std::nullopt;
    delay = *at - parse_http_date(headers.date).value_or(now);
  }
  return std::clamp(*delay, delay_min, std::max(delay_min, delay_max));
}

}  // namespace esteira::processors
