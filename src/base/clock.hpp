// The seam for time. `now` is the database's clock in UTC; `steady` measures lengths on this
// machine and goes on while it sleeps.
#pragma once

#include "esteira/time.hpp"

namespace esteira {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Time now() const = 0;
  [[nodiscard]] virtual Duration steady() const = 0;
};

// This machine's clocks (CLOCK_REALTIME moved by an offset, CLOCK_BOOTTIME). Thread-safe.
class SystemClock final : public Clock {
 public:
  [[nodiscard]] Time now() const override;
  [[nodiscard]] Duration steady() const override;
};

}  // namespace esteira
