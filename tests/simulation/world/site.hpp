// What the processes of a world stand on, and how they reach it.
#pragma once

#include <memory>

#include "esteira/processor.hpp"
#include "mistakes/mistakes.hpp"
#include "world/faulty.hpp"
#include "world/world.hpp"

namespace esteira::sim {

struct Site {
  World& world;
  TaskRepository& store;  // the witness
  const ProcessorRegistry& processors;
  Mistake mistake = Mistake::none;

  // A way to the store with faults on it, of one process.
  [[nodiscard]] std::shared_ptr<TaskRepository> connect(Process& process) const;
};

}  // namespace esteira::sim
