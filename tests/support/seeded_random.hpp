// Chance that repeats: the same seed gives the same numbers (SplitMix64).
#pragma once

#include "base/random.hpp"
#include "domain/claim.hpp"

namespace esteira::test {

// Not thread-safe: each thread of a test has one of its own.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : state_(seed) {}

  [[nodiscard]] std::uint64_t next() override {
    state_ += 0x9E3779B97F4A7C15U;
    std::uint64_t value = state_;
    value = (value ^ (value >> 30U)) * 0xBF58476D1CE4E5B9U;
    value = (value ^ (value >> 27U)) * 0x94D049BB133111EBU;
    return value ^ (value >> 31U);
  }

  // Even in [0, bound).
  [[nodiscard]] int below(int bound) {
    return static_cast<int>(next() % static_cast<std::uint64_t>(bound));
  }

  [[nodiscard]] LeaseId lease_id() { return LeaseId{bytes16()}; }

 private:
  std::uint64_t state_;
};

}  // namespace esteira::test
