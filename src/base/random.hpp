// The seam for chance.
#pragma once

#include <array>
#include <cstdint>

namespace esteira {

class Random {
 public:
  virtual ~Random() = default;
  [[nodiscard]] virtual std::uint64_t next() = 0;
  // Even in [0, 1).
  [[nodiscard]] double fraction() { return static_cast<double>(next() >> 11U) * 0x1.0p-53; }
  [[nodiscard]] std::array<std::uint8_t, 16> bytes16();
};

// The operating system's generator: unguessable. Thread-safe.
class SystemRandom final : public Random {
 public:
  [[nodiscard]] std::uint64_t next() override;
};

}  // namespace esteira
