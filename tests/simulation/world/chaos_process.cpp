#include "world/chaos_process.hpp"

namespace esteira::sim {
namespace {

using std::chrono::milliseconds;

constexpr Duration look_every = milliseconds{100};

}  // namespace

Duration ChaosProcess::turn() {
  if (world_.quiet()) return std::chrono::seconds{1};
  const auto& faults = world_.plan().faults;
  if (falls_due(faults.kill_every)) kill();
  if (falls_due(faults.stop_every)) victim().begin_stop();
  if (falls_due(faults.pause_every)) pause();
  if (falls_due(faults.freeze_every)) freeze();
  if (falls_due(faults.outage_every)) cut_off();
  if (falls_due(faults.blackout_every)) black_out();
  return look_every;
}

bool ChaosProcess::falls_due(Duration every) {
  if (every == Duration{0}) return false;
  return chance(random(),
                static_cast<double>(look_every.count()) / static_cast<double>(every.count()));
}

Process& ChaosProcess::victim() {
  const auto& processes = world_.processes();
  // It stands first itself.
  return *processes[static_cast<std::size_t>(
      between(random(), 1, static_cast<int>(processes.size()) - 1))];
}

void ChaosProcess::kill() { kill(victim()); }

void ChaosProcess::kill(Process& process) {
  world_.trace().line(world_.at(), "{} is killed", process.name());
  if (process.busy) {
    process.doomed = true;
  } else {
    process.crash();
  }
}

void ChaosProcess::black_out() {
  for (const auto& process : world_.processes()) {
    if (process.get() != this) kill(*process);
  }
}

void ChaosProcess::pause() {
  auto& process = victim();
  process.paused_until = world_.at() + spread(random(), milliseconds{50}, 3 * world_.plan().lease);
  world_.trace().line(world_.at(), "{} is paused until {}", process.name(),
                      process.paused_until.count());
}

void ChaosProcess::freeze() {
  auto& process = victim();
  const auto until = world_.at() + spread(random(), milliseconds{50}, 2 * world_.plan().lease);
  process.clock().freeze(until, chance(random(), 0.3));
  world_.trace().line(world_.at(), "the clock of {} stands until {}", process.name(),
                      until.count());
}

void ChaosProcess::cut_off() {
  const auto until = world_.at() + spread(random(), milliseconds{50}, 2 * world_.plan().lease);
  const bool everybody = chance(random(), 0.3);
  world_.trace().line(world_.at(), "the store is away until {}", until.count());
  for (const auto& process : world_.processes()) {
    if (everybody) process->away_until = until;
  }
  if (!everybody) victim().away_until = until;
}

}  // namespace esteira::sim
