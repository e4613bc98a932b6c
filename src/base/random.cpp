#include "base/random.hpp"

#include <cstring>
#include <sys/random.h>
#include <utility>

#include "base/assert.hpp"

namespace esteira {

std::array<std::uint8_t, 16> Random::bytes16() {
  std::array<std::uint8_t, 16> bytes{};
  const std::uint64_t halves[2] = {next(), next()};
  std::memcpy(bytes.data(), halves, sizeof halves);
  return bytes;
}

std::uint64_t SystemRandom::next() {
  // A system call for each draw would be seen in the price of a task. Requests of up to 256 bytes
  // are never cut short once the generator is seeded.
  struct Store {
    std::array<std::uint64_t, 32> values{};
    std::size_t left = 0;
  };
  thread_local Store store;
  if (store.left == 0) {
    constexpr auto bytes = sizeof store.values;
    ESTEIRA_ASSERT(getrandom(store.values.data(), bytes, 0) == static_cast<ssize_t>(bytes));
    store.left = store.values.size();
  }
  // Drawn once and kept nowhere: these values name leases.
  return std::exchange(store.values.at(--store.left), 0);
}

}  // namespace esteira
