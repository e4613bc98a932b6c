// Draws from a seeded generator, in the words of the simulator.
#pragma once

#include "esteira/time.hpp"
#include "support/seeded_random.hpp"

namespace esteira::sim {

using test::SeededRandom;

[[nodiscard]] inline bool chance(SeededRandom& random, double probability) {
  return random.fraction() < probability;
}
// Even in [low, high].
[[nodiscard]] inline int between(SeededRandom& random, int low, int high) {
  return low + random.below(high - low + 1);
}
[[nodiscard]] inline Duration between(SeededRandom& random, Duration low, Duration high) {
  const auto span = static_cast<double>((high - low).count());
  return low + Duration{static_cast<std::int64_t>(span * random.fraction())};
}
// Small values often, large ones now and then: even in the exponent of [low, high].
[[nodiscard]] Duration spread(SeededRandom& random, Duration low, Duration high);

// A generator of its own for each part of a world, so that what one part draws never shifts
// another.
[[nodiscard]] SeededRandom stream(std::uint64_t seed, std::uint64_t part);

}  // namespace esteira::sim
