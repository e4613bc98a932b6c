// So many in so much time: "100/s", "600/m", "1000/h"; "100/s burst 20" where not all of them may
// come at once.
#pragma once

#include <algorithm>
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
  // How many may come at once, 1 to rate_count_max, where that is not `count`.
  std::optional<std::int64_t> at_once{};
  [[nodiscard]] std::int64_t burst() const { return at_once.value_or(count); }

  friend bool operator==(const Rate&, const Rate&) = default;
};

// invalid_argument says what a rate looks like.
[[nodiscard]] Expected<Rate> parse_rate(std::string_view text);
[[nodiscard]] std::string to_text(const Rate& rate);
// As a store keeps it: what no program of this version has written counts as no limit.
[[nodiscard]] std::optional<Rate> known_rate(const std::optional<std::string>& text);

// Keeps a rate: full at the start, holds the burst, filled evenly. What is taken may cost more than
// is there: then the bucket owes the rest. Any clock that does not go back, the same for all calls.
class TokenBucket {
 public:
  TokenBucket(const Rate& rate, Duration now);
  // As it was kept: `credit` and `at` of an earlier one of the same rate.
  TokenBucket(const Rate& rate, std::int64_t credit, Duration at);

  // Takes one. Else how long until there is one, more than 0.
  [[nodiscard]] std::optional<Duration> take(Duration now);
  // What was taken costs so many more.
  void owe(std::int64_t count) { credit_ -= count * rate_.per.count(); }
  // What was taken and not used.
  void put_back(std::int64_t count) {
    credit_ = std::min(most(), credit_ + count * rate_.per.count());
  }
  // Whether it is full, so that a new one would be the same.
  [[nodiscard]] bool full(Duration now) const;
  [[nodiscard]] const Rate& rate() const { return rate_; }
  // How many may be taken now; below 0: so many are owed.
  [[nodiscard]] std::int64_t tokens(Duration now) const;
  // How long until one may be taken that may not be taken now; a full bucket never has it.
  [[nodiscard]] Duration until_next(Duration now) const;
  // When it will be full.
  [[nodiscard]] Duration full_at() const {
    return at_ + Duration{(most() - credit_ + rate_.count - 1) / rate_.count};
  }
  [[nodiscard]] std::int64_t credit() const { return credit_; }
  [[nodiscard]] Duration at() const { return at_; }

 private:
  [[nodiscard]] std::int64_t credit_at(Duration now) const;
  [[nodiscard]] std::int64_t most() const { return rate_.burst() * rate_.per.count(); }

  Rate rate_;
  // Each microsecond brings `rate.count`, and a token costs `rate.per`'s microseconds: whole
  // numbers.
  std::int64_t credit_;
  Duration at_;
};

}  // namespace esteira
