// What happens to whole processes: they are killed, stopped, paused; a clock stands; the store is
// away for a while.
#pragma once

#include "world/world.hpp"

namespace esteira::sim {

class ChaosProcess final : public Process {
 public:
  ChaosProcess(World& world, std::uint64_t part) : Process(world, "chaos", part) {}

  Duration turn() override;
  // Every other process dies.
  void black_out();

 protected:
  void forget() override {}

 private:
  [[nodiscard]] bool falls_due(Duration every);
  [[nodiscard]] Process& victim();
  void kill();
  void kill(Process& process);
  void pause();
  void freeze();
  void cut_off();
};

}  // namespace esteira::sim
