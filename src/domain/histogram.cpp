#include "domain/histogram.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace esteira {
namespace {

// bounds[n] = ceil(2^(n/4)) µs, so that small buckets, narrower than a microsecond, are empty
// instead of overlapping.
const std::array<std::int64_t, histogram_buckets>& bounds() {
  static const auto table = [] {
    std::array<std::int64_t, histogram_buckets> made{};
    for (int i = 0; i < histogram_buckets; ++i) {
      made[static_cast<std::size_t>(i)] = static_cast<std::int64_t>(std::ceil(std::exp2(i / 4.0)));
    }
    return made;
  }();
  return table;
}

}  // namespace

int histogram_bucket(Duration duration) {
  const auto& table = bounds();
  const auto above = std::ranges::upper_bound(table, duration.count());
  return static_cast<int>(std::min<std::ptrdiff_t>(above - table.begin(), histogram_buckets - 1));
}

Duration histogram_bound(int bucket) {
  return Duration{
      bounds().at(static_cast<std::size_t>(std::clamp(bucket, 0, histogram_buckets - 1)))};
}

Duration histogram_quantile(std::span<const BucketCount> counts, double quantile) {
  std::int64_t total = 0;
  for (const auto& entry : counts) total += entry.count;
  if (total <= 0) return Duration{0};
  const double target = std::clamp(quantile, 0.0, 1.0) * static_cast<double>(total);
  double seen = 0;
  for (const auto& entry : counts) {
    const auto count = static_cast<double>(entry.count);
    if (count > 0 && seen + count >= target) {
      const auto low = entry.bucket == 0 ? Duration{0} : histogram_bound(entry.bucket - 1);
      const auto width = static_cast<double>((histogram_bound(entry.bucket) - low).count());
      return low + Duration{static_cast<std::int64_t>(width * (target - seen) / count)};
    }
    seen += count;
  }
  return histogram_bound(counts.back().bucket);
}

}  // namespace esteira
