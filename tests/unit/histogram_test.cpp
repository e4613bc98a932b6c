#include "domain/histogram.hpp"

#include <array>

#include <gtest/gtest.h>

#include "support/seeded_random.hpp"

namespace esteira::test {
namespace {

using namespace std::chrono_literals;

TEST(Histogram, a_duration_lies_within_its_bucket) {
  SeededRandom random{1};
  for (int draw = 0; draw < 5000; ++draw) {
    const Duration duration{static_cast<std::int64_t>(random.next() >> (24 + draw % 40))};
    const int bucket = histogram_bucket(duration);
    ASSERT_GE(bucket, 0);
    ASSERT_LT(bucket, histogram_buckets);
    if (bucket < histogram_buckets - 1) {
      EXPECT_LT(duration, histogram_bound(bucket));
    }
    if (bucket > 0) {
      EXPECT_GE(duration, histogram_bound(bucket - 1));
    }
  }
}

TEST(Histogram, its_edges_are_exact) {
  EXPECT_EQ(histogram_bucket(0us), 0);
  EXPECT_EQ(histogram_bucket(-5s), 0);
  EXPECT_EQ(histogram_bound(0), 1us);
  for (int bucket = 1; bucket < histogram_buckets - 1; ++bucket) {
    const Duration bound = histogram_bound(bucket);
    if (bound == histogram_bound(bucket - 1)) continue;  // narrower than a microsecond: empty
    EXPECT_EQ(histogram_bucket(bound - 1us), bucket) << bucket;
    EXPECT_GT(histogram_bucket(bound), bucket) << bucket;
  }
}

TEST(Histogram, bounds_never_fall) {
  for (int bucket = 1; bucket < histogram_buckets; ++bucket) {
    EXPECT_GE(histogram_bound(bucket), histogram_bound(bucket - 1));
  }
}

TEST(Histogram, the_last_bucket_holds_everything_above) {
  EXPECT_EQ(histogram_bucket(24h * 365), histogram_buckets - 1);
  EXPECT_EQ(histogram_bucket(Duration::max()), histogram_buckets - 1);
}

TEST(Histogram, the_quantile_of_nothing_is_zero) {
  EXPECT_EQ(histogram_quantile({}, 0.5), 0us);
  const std::array<BucketCount, 1> empty{{{.bucket = 30, .count = 0}}};
  EXPECT_EQ(histogram_quantile(empty, 0.5), 0us);
}

TEST(Histogram, a_quantile_is_within_a_fifth) {
  std::vector<BucketCount> counts(histogram_buckets);
  for (int bucket = 0; bucket < histogram_buckets; ++bucket) {
    counts[static_cast<std::size_t>(bucket)].bucket = bucket;
  }
  constexpr std::int64_t durations = 10'000;
  for (std::int64_t index = 0; index < durations; ++index) {
    const int bucket = histogram_bucket(Duration{(index + 1) * 1000});
    counts[static_cast<std::size_t>(bucket)].count += 1;
  }
  for (const double quantile : {0.01, 0.25, 0.5, 0.9, 0.95, 0.99}) {
    const double exact = quantile * durations * 1000;
    const auto found = static_cast<double>(histogram_quantile(counts, quantile).count());
    EXPECT_NEAR(found, exact, exact / 5) << quantile;
  }
}

TEST(Histogram, quantiles_stay_within_what_was_counted) {
  const std::array<BucketCount, 2> counts{{{.bucket = 40, .count = 3}, {.bucket = 60, .count = 1}}};
  EXPECT_GE(histogram_quantile(counts, 0.0), histogram_bound(39));
  EXPECT_LE(histogram_quantile(counts, 0.5), histogram_bound(40));
  EXPECT_LE(histogram_quantile(counts, 1.0), histogram_bound(60));
  EXPECT_LE(histogram_quantile(counts, 7.0), histogram_bound(60));
  EXPECT_GE(histogram_quantile(counts, -7.0), histogram_bound(39));
}

}  // namespace
}  // namespace esteira::test
