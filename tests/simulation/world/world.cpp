#include "world/world.hpp"

#include <algorithm>

namespace esteira::sim {
namespace {

using std::chrono::microseconds;

// A look at everything, each so many steps that wrote something.
constexpr int sweep_every = 24;

}  // namespace

World::World(const Plan& plan, bool verbose)
    : plan_(plan),
      trace_(verbose),
      checkers_(every_checker(verdict_, plan.scan)),
      random_(stream(plan.seed, 1)) {}

void World::set_store(TaskRepository& store) {
  store_ = std::make_unique<StoreView>(store, verdict_);
}

void World::add(std::unique_ptr<Process> process) { processes_.push_back(std::move(process)); }

void World::record(const Event& event) {
  for (const auto& checker : checkers_) checker->before(ledger_, event);
  ledger_.apply(event);
}

void World::hint() {
  for (const auto& process : processes_) {
    if (!quiet() && chance(random_, plan_.faults.lost_hint)) continue;
    process->hint();
  }
}

// The earliest; of several, any.
Process* World::next_process() {
  Process* next = nullptr;
  Duration due{};
  int equals = 0;
  for (const auto& process : processes_) {
    if (process->busy) continue;
    const auto wants = std::max({process->wake_at, process->paused_until, at_});
    if (next == nullptr || wants < due) {
      next = process.get();
      due = wants;
      equals = 1;
    } else if (wants == due && random_.below(++equals) == 0) {
      next = process.get();
    }
  }
  return next;
}

void World::run_until(Duration end) {
  while (!over()) {
    auto* process = next_process();
    if (process == nullptr) break;
    const auto due = std::max(process->wake_at, process->paused_until);
    if (due > end) break;
    at_ = std::max(at_, due);
    give_turn(*process);
  }
  if (!over()) at_ = std::max(at_, end);
}

void World::give_turn(Process& process) {
  ++turns_;
  process.busy = true;
  process.woken = false;
  const std::string name = process.name();
  TurnView turn{.process = name, .at = at_, .clock_stands = process.clock().stands()};
  std::optional<WorkerView> worker;
  try {
    const auto sleep = process.turn();
    // A turn takes some time, so that a loop which never sleeps can be seen as one.
    process.wake_at = at_ + std::max(sleep, Duration{0}) + microseconds{between(random_, 20, 200)};
    if (process.woken) process.wake_at = at_;
    worker = process.worker_view();
    if (worker) worker->alert = at_ == turn.at;
  } catch (const Crash&) {
    trace_.line(at_, "{} crashes", name);
    process.crash();
  }
  process.busy = false;
  turn.news = std::exchange(process.news, 0);
  turn.clock_stands = turn.clock_stands || process.clock().stands();
  judge(turn, worker ? &*worker : nullptr);
}

void World::judge(const TurnView& turn, const WorkerView* worker) {
  if (verdict_.failed()) return;
  const auto touched = ledger_.take_touched();
  store_->begin_step(now());
  const StepView view{.ledger = ledger_,
                      .store = *store_,
                      .at = at_,
                      .now = now(),
                      .touched = touched,
                      .quiet_since = quiet_since_,
                      .turn = &turn,
                      .worker = worker};
  for (const auto& checker : checkers_) checker->after_step(view);
  if (touched.empty() || ++writes_since_sweep_ < sweep_every) return;
  writes_since_sweep_ = 0;
  for (const auto& checker : checkers_) checker->sweep(view);
}

void World::sweep() {
  if (verdict_.failed()) return;
  const auto touched = ledger_.take_touched();
  store_->begin_step(now());
  const StepView view{.ledger = ledger_,
                      .store = *store_,
                      .at = at_,
                      .now = now(),
                      .touched = touched,
                      .quiet_since = quiet_since_};
  for (const auto& checker : checkers_) checker->sweep(view);
}

void World::stand_still(Process& process, Duration until) {
  trace_.line(at_, "{} stands still until {}", process.name(), until.count());
  run_until(until);
  if (process.doomed) throw Crash{};
}

void World::become_quiet() {
  quiet_since_ = at_;
  trace_.line(at_, "faults off");
  for (const auto& process : processes_) process->recover();
}

}  // namespace esteira::sim
