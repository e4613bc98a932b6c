#include "base/clock.hpp"

#include <ctime>

namespace esteira {
namespace {

Duration read_clock(clockid_t clock) {
  timespec at{};
  clock_gettime(clock, &at);
  return std::chrono::seconds{at.tv_sec} + std::chrono::microseconds{at.tv_nsec / 1000};
}

}  // namespace

Time SystemClock::now() const { return Time{read_clock(CLOCK_REALTIME)}; }
// BOOTTIME counts the time a machine was suspended: a lease goes on ending meanwhile.
Duration SystemClock::steady() const { return read_clock(CLOCK_BOOTTIME); }

}  // namespace esteira
