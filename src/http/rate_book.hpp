// Who has called how often: a token bucket a caller.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "domain/rate.hpp"

namespace esteira::http {

// Thread-safe. Of this process: a rate holds at each server.
class RateBook {
 public:
  explicit RateBook(std::shared_ptr<const Clock> clock) : clock_(std::move(clock)) {}

  // Counts a call. Else how long until one is free.
  [[nodiscard]] std::optional<Duration> take(const std::string& caller, const Rate& rate);

  // Above so many, callers whose bucket is full are forgotten.
  static constexpr std::size_t callers_max = 10'000;

 private:
  const std::shared_ptr<const Clock> clock_;
  Mutex mutex_;
  std::map<std::string, TokenBucket> buckets_ ESTEIRA_GUARDED_BY(mutex_);
};

}  // namespace esteira::http
