#include "domain/rate.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace esteira {
namespace {

using namespace std::chrono_literals;

constexpr std::array<std::pair<std::string_view, Duration>, 3> units{
    {{"s", 1s}, {"m", 60s}, {"h", 3600s}}};

}  // namespace

Expected<Rate> parse_rate(std::string_view text) {
  Rate rate{.count = 0};
  const auto slash = text.find('/');
  const auto number = text.substr(0, slash);
  const auto [stop, error] =
      std::from_chars(number.data(), number.data() + number.size(), rate.count);
  const auto name = slash == std::string_view::npos ? std::string_view{} : text.substr(slash + 1);
  const auto* unit = std::ranges::find(units, name, &std::pair<std::string_view, Duration>::first);
  if (error == std::errc{} && stop == number.data() + number.size() && rate.count > 0 &&
      rate.count <= rate_count_max && unit != units.end()) {
    rate.per = unit->second;
    return rate;
  }
  return fail(ErrorCode::invalid_argument,
              fmt::format("must be a number from 1 to {} a second, minute or hour, such as 100/s, "
                          "600/m or 1000/h, or none",
                          rate_count_max));
}

std::string to_text(const Rate& rate) {
  const auto* unit =
      std::ranges::find(units, rate.per, &std::pair<std::string_view, Duration>::second);
  return fmt::format("{}/{}", rate.count, unit == units.end() ? "?" : unit->first);
}

std::optional<Rate> known_rate(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  const auto rate = parse_rate(*text);
  return rate ? std::optional(*rate) : std::nullopt;
}

TokenBucket::TokenBucket(const Rate& rate, Duration now)
    : rate_(rate), tokens_(static_cast<double>(rate.count)), at_(now) {}

double TokenBucket::tokens_at(Duration now) const {
  const auto most = static_cast<double>(rate_.count);
  const double elapsed = static_cast<double>((now - at_).count());
  return std::min(most, tokens_ + elapsed * most / static_cast<double>(rate_.per.count()));
}

std::optional<Duration> TokenBucket::take(Duration now) {
  tokens_ = tokens_at(now);
  at_ = std::max(at_, now);
  if (tokens_ >= 1) {
    tokens_ -= 1;
    return std::nullopt;
  }
  const double missing =
      (1 - tokens_) * static_cast<double>(rate_.per.count()) / static_cast<double>(rate_.count);
  return std::max(Duration{1}, Duration{std::llround(std::ceil(missing))});
}

bool TokenBucket::full(Duration now) const {
  return tokens_at(now) >= static_cast<double>(rate_.count);
}

}  // namespace esteira
