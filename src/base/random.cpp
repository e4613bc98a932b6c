#include "base/random.hpp"

#include <sys/random.h>

#include <cstring>

#include "base/assert.hpp"

namespace esteira {

std::array<std::uint8_t, 16> Random::bytes16() {
  std::array<std::uint8_t, 16> bytes{};
  const std::uint64_t halves[2] = {next(), next()};
  std::memcpy(bytes.data(), halves, sizeof halves);
  return bytes;
}

std::uint64_t SystemRandom::next() {
  std::uint64_t value = 0;
  // Requests of up to 256 bytes are never cut short once the generator is seeded.
  ESTEIRA_ASSERT(getrandom(&value, sizeof value, 0) == static_cast<ssize_t>(sizeof value));
  return value;
}

}  // namespace esteira
