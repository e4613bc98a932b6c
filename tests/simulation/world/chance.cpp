#include "world/chance.hpp"

#include <cmath>

namespace esteira::sim {

Duration spread(SeededRandom& random, Duration low, Duration high) {
  const double from = std::log(static_cast<double>(low.count()));
  const double to = std::log(static_cast<double>(high.count()));
  return Duration{static_cast<std::int64_t>(std::exp(from + (to - from) * random.fraction()))};
}

SeededRandom stream(std::uint64_t seed, std::uint64_t part) {
  // Mixed once, so that neighbouring seeds and parts have nothing in common.
  SeededRandom mixer(seed * 0xD1342543DE82EF95U + part);
  return SeededRandom(mixer.next());
}

}  // namespace esteira::sim
