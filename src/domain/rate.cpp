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

// The number that a text consists of, if it is one from 1 to rate_count_max.
std::optional<std::int64_t> parse_count(std::string_view text) {
  std::int64_t count = 0;
  const auto [stop, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool whole = error == std::errc{} && stop == text.data() + text.size();
  return whole && count > 0 && count <= rate_count_max ? std::optional(count) : std::nullopt;
}

constexpr std::string_view burst_word = " burst ";

}  // namespace

Expected<Rate> parse_rate(std::string_view text) {
  const auto burst_at = text.find(burst_word);
  const auto steady = text.substr(0, burst_at);
  const auto slash = steady.find('/');
  const auto count = parse_count(steady.substr(0, slash));
  const auto name = slash == std::string_view::npos ? std::string_view{} : steady.substr(slash + 1);
  const auto* unit = std::ranges::find(units, name, &std::pair<std::string_view, Duration>::first);
  const bool has_burst = burst_at != std::string_view::npos;
  const auto burst =
      has_burst ? parse_count(text.substr(burst_at + burst_word.size())) : std::nullopt;
  if (count && unit != units.end() && has_burst == burst.has_value()) {
    return Rate{.count = *count, .per = unit->second, .at_once = burst};
  }
  return fail(ErrorCode::invalid_argument,
              fmt::format("must be a number from 1 to {} a second, minute or hour, such as 100/s, "
                          "600/m, 1000/h or 100/s burst 20, or none",
                          rate_count_max));
}

std::string to_text(const Rate& rate) {
  const auto* unit =
      std::ranges::find(units, rate.per, &std::pair<std::string_view, Duration>::second);
  auto text = fmt::format("{}/{}", rate.count, unit == units.end() ? "?" : unit->first);
  if (rate.at_once) text += fmt::format("{}{}", burst_word, *rate.at_once);
  return text;
}

std::optional<Rate> known_rate(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  const auto rate = parse_rate(*text);
  return rate ? std::optional(*rate) : std::nullopt;
}

TokenBucket::TokenBucket(const Rate& rate, Duration now)
    : rate_(rate), credit_(rate.burst() * rate.per.count()), at_(now) {}

TokenBucket::TokenBucket(const Rate& rate, std::int64_t credit, Duration at)
    : rate_(rate), credit_(std::min(credit, most())), at_(at) {}

std::int64_t TokenBucket::credit_at(Duration now) const {
  // So long it takes to fill; longer brings nothing more.
  const Duration filling{(most() - credit_) / rate_.count + 1};
  const auto elapsed = std::clamp(now - at_, Duration{0}, filling);
  return std::min(most(), credit_ + elapsed.count() * rate_.count);
}

std::optional<Duration> TokenBucket::take(Duration now) {
  credit_ = credit_at(now);
  at_ = std::max(at_, now);
  const std::int64_t cost = rate_.per.count();
  if (credit_ < cost) return until_next(now);
  credit_ -= cost;
  return std::nullopt;
}

std::int64_t TokenBucket::tokens(Duration now) const { return credit_at(now) / rate_.per.count(); }

Duration TokenBucket::until_next(Duration now) const {
  const std::int64_t credit = credit_at(now);
  const std::int64_t one = rate_.per.count();
  const std::int64_t missing = credit < one ? one - credit : one - credit % one;
  return Duration{(missing + rate_.count - 1) / rate_.count};
}

bool TokenBucket::full(Duration now) const { return credit_at(now) == most(); }

}  // namespace esteira
