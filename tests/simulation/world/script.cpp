#include "world/script.hpp"

#include <array>
#include <utility>

namespace esteira::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

Ending draw_ending(SeededRandom& random, const RunWeights& weights) {
  const std::array<std::pair<Ending, int>, 11> endings{{
      {Ending::completes, weights.completes},
      {Ending::fails, weights.fails},
      {Ending::fails_for_good, weights.fails_for_good},
      {Ending::fails_with_delay, weights.fails_with_delay},
      {Ending::throws_in_handle_failure, weights.throws_in_handle_failure},
      {Ending::gives_up, weights.gives_up},
      {Ending::snoozes, weights.snoozes},
      {Ending::cancels_itself, weights.cancels_itself},
      {Ending::hangs, weights.hangs},
      {Ending::stubborn, weights.stubborn},
      {Ending::ignores, weights.ignores},
  }};
  int total = 0;
  for (const auto& [ending, weight] : endings) total += weight;
  int drawn = random.below(total);
  for (const auto& [ending, weight] : endings) {
    if (drawn < weight) return ending;
    drawn -= weight;
  }
  return Ending::completes;
}

}  // namespace

Script draw_script(SeededRandom& random, const RunWeights& weights, bool quiet) {
  Script script;
  script.ending = draw_ending(random, weights);
  script.length = spread(random, milliseconds{1}, seconds{1});
  script.delay = spread(random, milliseconds{20}, seconds{3});
  if (random.below(10) < weights.notes) {
    const int sayings = between(random, 1, 4);
    for (int i = 0; i < sayings; ++i) {
      script.sayings.push_back(static_cast<Saying>(random.below(4)));
    }
  }
  if (quiet) {
    script.ending = chance(random, 0.8) ? Ending::completes : Ending::fails;
    script.length = std::min<Duration>(script.length, milliseconds{50});
  }
  return script;
}

}  // namespace esteira::sim
