// What one run will do, decided when it begins.
#pragma once

#include <vector>

#include "world/chance.hpp"
#include "world/plan.hpp"

namespace esteira::sim {

enum class Ending : std::uint8_t {
  completes,
  fails,
  fails_for_good,
  fails_with_delay,
  throws_in_handle_failure,
  gives_up,
  snoozes,
  cancels_itself,
  hangs,
  stubborn,
  ignores,
};

enum class Saying : std::uint8_t { progress, log, checkpoint, number };

struct Script {
  Ending ending = Ending::completes;
  Duration length{};  // of each part: before each saying, and before the end
  Duration delay{};   // of a snooze or a retry; how long a stubborn run takes to come back
  std::vector<Saying> sayings;
};

// `quiet`: the faults are off; runs come back soon and mostly well.
[[nodiscard]] Script draw_script(SeededRandom& random, const RunWeights& weights, bool quiet);

}  // namespace esteira::sim
