#include "http/rate_book.hpp"

namespace esteira::http {

std::optional<Duration> RateBook::take(const std::string& caller, const Rate& rate) {
  const Duration now = clock_->steady();
  const MutexLock lock(mutex_);
  if (buckets_.size() >= callers_max) {
    std::erase_if(buckets_, [now](const auto& entry) { return entry.second.full(now); });
  }
  const auto [entry, added] = buckets_.try_emplace(caller, rate, now);
  if (entry->second.rate() != rate) entry->second = TokenBucket(rate, now);
  return entry->second.take(now);
}

}  // namespace esteira::http
