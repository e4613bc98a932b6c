// The fixed buckets of `task_stats_minute`: constant space, percentiles within a fifth of their
// value.
#pragma once

#include <cstdint>
#include <span>

#include "esteira/time.hpp"

namespace esteira {

// Bucket 0 is below 1 µs; bucket n > 0 holds [2^((n-1)/4), 2^(n/4)) µs; the last holds everything
// over it (about 12 days).
inline constexpr int histogram_buckets = 164;
[[nodiscard]] int histogram_bucket(Duration duration);
// The bucket's upper bound.
[[nodiscard]] Duration histogram_bound(int bucket);

struct BucketCount {
  int bucket = 0;
  std::int64_t count = 0;
};
// The `quantile` (0 to 1) of counts ordered by bucket, interpolated within its bucket; zero when
// there are none.
[[nodiscard]] Duration histogram_quantile(std::span<const BucketCount> counts, double quantile);

}  // namespace esteira
