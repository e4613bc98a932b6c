// One seed, from the empty database to the last task's end.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "mistakes/mistakes.hpp"
#include "world/verdict.hpp"

namespace esteira::sim {

struct RunOptions {
  Mistake mistake = Mistake::none;
  bool verbose = false;
  std::optional<std::size_t> turns_max;  // while the faults are on
};

struct RunResult {
  std::uint64_t digest = 0;
  std::size_t lines = 0;  // of the trace
  std::size_t tasks = 0;
  std::size_t turns = 0;
  std::optional<Violation> violation;
  std::vector<std::string> last_lines;  // where there is a violation
};

[[nodiscard]] RunResult run_seed(std::uint64_t seed, const RunOptions& options);

}  // namespace esteira::sim
