// So many in so much time: "100/s", "600/m", "1000/h".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "esteira/error.hpp"
#include "esteira/time.hpp"

namespace esteira {

inline constexpr std::int64_t rate_count_max = 1'000'000;

struct Rate {
  std::int64_t count = 1;  // 1 to rate_count_max
  Duration per = std::chrono::seconds{1};

  friend bool operator==(const Rate&, const Rate&) = default;
};

// invalid_argument says what a rate looks like.
[[nodiscard]] Expected<Rate> parse_rate(std::string_view text);
[[nodiscard]] std::string to_text(const Rate& rate);
// As a store keeps it: what no program of this version has written counts as no limit.
[[nodiscard]] std::optional<Rate> known_rate(const std::optional<std::string>& text);

// Keeps a rate: full at the start, holds what one period brings, filled evenly. Any clock that does
// not go back, the same for all calls.
class TokenBucket {
 public:
  TokenBucket(const Rate& rate, Duration now);

  // Takes one. Else how long until there is one, more than 0.
  [[nodiscard]] std::optional<Duration> take(Duration now);
  // Whether it is full, so that a new one would be the same.
  [[nodiscard]] bool full(Duration now) const;
  [[nodiscard]] const Rate& rate() const { return rate_; }

 private:
  [[nodiscard]] std::int64_t credit_at(Duration now) const;

  Rate rate_;
  // Each microsecond brings `rate.count`, and a token costs `rate.per`'s microseconds: whole
  // numbers.
  std::int64_t credit_;
  Duration at_;
};

}  // namespace esteira
