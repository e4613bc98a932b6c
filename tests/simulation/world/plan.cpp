#include "world/plan.hpp"

#include "world/chance.hpp"

namespace esteira::sim {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

// Swarm: each fault is off in half of the worlds, and rare, common or frequent in the others, so
// that none always hides behind another.
double some_rate(SeededRandom& random) {
  constexpr double rates[] = {0.003, 0.02, 0.1};
  return chance(random, 0.5) ? 0.0 : rates[random.below(3)];
}

Duration some_interval(SeededRandom& random) {
  return chance(random, 0.5) ? Duration{0} : spread(random, seconds{1}, seconds{10});
}

int some_weight(SeededRandom& random) { return chance(random, 0.5) ? 0 : between(random, 1, 12); }

FaultRates draw_faults(SeededRandom& random) {
  FaultRates faults;
  faults.unavailable = some_rate(random);
  faults.in_doubt_undone = some_rate(random);
  faults.in_doubt_done = some_rate(random);
  faults.crash = some_rate(random) / 4;
  faults.stall = some_rate(random) / 4;
  faults.lost_hint = chance(random, 0.3) ? 1.0 : some_rate(random);
  faults.kill_every = some_interval(random);
  faults.stop_every = some_interval(random);
  faults.pause_every = some_interval(random);
  faults.freeze_every = some_interval(random);
  faults.outage_every = some_interval(random);
  faults.blackout_every =
      chance(random, 0.7) ? Duration{0} : spread(random, seconds{3}, seconds{15});
  faults.ends_in_blackout = chance(random, 0.2);
  return faults;
}

RunWeights draw_runs(SeededRandom& random) {
  RunWeights runs;
  runs.fails = some_weight(random);
  runs.fails_for_good = some_weight(random) / 3;
  runs.fails_with_delay = some_weight(random) / 2;
  runs.throws_in_handle_failure = some_weight(random) / 3;
  runs.gives_up = some_weight(random) / 3;
  runs.snoozes = some_weight(random);
  runs.cancels_itself = some_weight(random) / 3;
  runs.hangs = some_weight(random) / 2;
  runs.stubborn = some_weight(random) / 3;
  runs.ignores = chance(random, 0.3) ? 1 : 0;
  runs.notes = between(random, 0, 6);
  return runs;
}

TypePlan draw_type(SeededRandom& random) {
  TypePlan type;
  type.batch_size = chance(random, 0.25) ? 3 : 1;
  type.max_retries = between(random, 0, 4);
  type.timeout = spread(random, milliseconds{300}, seconds{3});
  type.back_off = spread(random, milliseconds{50}, seconds{2});
  type.retention = chance(random, 0.3) ? Duration{seconds{3}} : Duration{std::chrono::hours{24}};
  return type;
}

}  // namespace

Plan draw_plan(std::uint64_t seed) {
  auto random = stream(seed, 0);
  Plan plan;
  plan.seed = seed;
  plan.workers = between(random, 1, 4);
  plan.maintainers = between(random, 1, 2);
  plan.producers = between(random, 1, 3);
  plan.person = chance(random, 0.7);
  plan.tasks = between(random, 8, 36);
  plan.types.resize(static_cast<std::size_t>(between(random, 1, 3)));
  for (auto& type : plan.types) type = draw_type(random);

  plan.chaos = between(random, seconds{6}, seconds{16});
  plan.lease = spread(random, seconds{1}, seconds{5});
  plan.poll = spread(random, milliseconds{200}, seconds{1});
  plan.ageing = chance(random, 0.5) ? Duration{0} : spread(random, milliseconds{500}, seconds{10});
  plan.stop_grace = spread(random, milliseconds{100}, milliseconds{800});
  plan.grace = spread(random, milliseconds{100}, seconds{2});
  plan.scan = spread(random, milliseconds{300}, seconds{1});
  plan.prune = seconds{2};
  plan.slots = between(random, 1, 4);
  plan.prefetch_max = between(random, 0, 6);
  plan.tick_results = chance(random, 0.5) ? 250 : between(random, 1, 3);
  plan.max_crashes = between(random, 1, 4);
  plan.expired_page = chance(random, 0.5) ? 1 : between(random, 2, 3);
  plan.runs = draw_runs(random);
  plan.faults = draw_faults(random);
  return plan;
}

}  // namespace esteira::sim
