#include "domain/rate.hpp"

#include <algorithm>
#include <array>
#include <charconv>
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
    : rate_(rate), credit_(rate.count * rate.per.count()), at_(now) {}

std::int64_t TokenBucket::credit_at(Duration now) const {
  // A whole period fills it, however long it was.
  const auto elapsed = std::clamp(now - at_, Duration{0}, rate_.per);
  const std::int64_t most = rate_.count * rate_.per.count();
  return std::min(most, credit_ + elapsed.count() * rate_.count);
}

std::optional<Duration> TokenBucket::take(Duration now) {
  credit_ = credit_at(now);
  at_ = std::max(at_, now);
  const std::int64_t cost = rate_.per.count();
  if (credit_ >= cost) {
    credit_ -= cost;
    return std::nullopt;
  }
  return Duration{(cost - credit_ + rate_.count - 1) / rate_.count};
}

bool TokenBucket::full(Duration now) const {
  return credit_at(now) == rate_.count * rate_.per.count();
}

}  // namespace esteira
