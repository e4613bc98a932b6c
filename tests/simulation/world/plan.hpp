// What one seed's world is like: its size, its settings and which faults are on.
#pragma once

#include <cstdint>
#include <vector>

#include "esteira/time.hpp"

namespace esteira::sim {

// How often an answer or a process meets each fault: a probability a call, or a length of time.
struct FaultRates {
  double unavailable = 0;
  double in_doubt_undone = 0;  // the connection is lost before the commit
  double in_doubt_done = 0;    // and after it
  double crash = 0;            // the process dies in the call, before or after it is done
  double stall = 0;            // the process stands still in the call, before or after it is done
  double lost_hint = 0;
  // Between two of these, on average; zero: never.
  Duration kill_every{};
  Duration stop_every{};  // in good order
  Duration pause_every{};
  Duration freeze_every{};
  Duration outage_every{};
  Duration blackout_every{};  // every process dies
  bool ends_in_blackout = false;
};

struct TypePlan {
  int batch_size = 1;
  int max_retries = 3;
  Duration timeout{};
  Duration back_off{};
  Duration retention{};
};

// How runs end, as weights.
struct RunWeights {
  int completes = 30;
  int fails = 0;
  int fails_for_good = 0;
  int fails_with_delay = 0;
  int throws_in_handle_failure = 0;
  int gives_up = 0;
  int snoozes = 0;
  int cancels_itself = 0;
  int hangs = 0;     // until it is asked to stop
  int stubborn = 0;  // comes back long after it was asked to
  int ignores = 0;   // never comes back
  int notes = 0;     // of ten runs, how many say something
};

struct Plan {
  std::uint64_t seed = 0;
  int workers = 0;
  int maintainers = 0;
  int producers = 0;
  bool person = false;
  int tasks = 0;
  std::vector<TypePlan> types;

  Duration chaos{};  // how long the faults are on
  Duration lease{};
  Duration poll{};
  Duration ageing{};
  Duration stop_grace{};
  Duration grace{};
  Duration scan{};  // the longest time between two rounds of one maintenance
  Duration prune{};
  int slots = 0;
  int prefetch_max = 0;
  int tick_results = 0;
  int max_crashes = 0;
  int expired_page = 0;  // leases that one question for expired ones may take

  RunWeights runs;
  FaultRates faults;
};

[[nodiscard]] Plan draw_plan(std::uint64_t seed);

}  // namespace esteira::sim
