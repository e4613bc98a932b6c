// One seed's world: the virtual time, the processes in it, the one database that outlives them, and
// the judge that looks on.
//
// DESIGN. Everything runs on one thread. Each process says when it wants its next turn; the
// scheduler moves the virtual time to the earliest and gives it one. A process that stands still in
// the middle of a call is played by a nested schedule: the others go on inside that call. A crash
// is an exception that leaves through the process's own code, and no one but `give_turn` catches
// it.
#pragma once

#include <limits>
#include <memory>
#include <span>
#include <vector>

#include "checks/checks.hpp"
#include "world/chance.hpp"
#include "world/plan.hpp"
#include "world/process.hpp"
#include "world/trace.hpp"

namespace esteira::sim {

// Thrown through a process that dies.
struct Crash {};

class World {
 public:
  World(const Plan& plan, bool verbose);

  // --- for processes and their repositories ---
  [[nodiscard]] const Plan& plan() const { return plan_; }
  [[nodiscard]] Duration at() const { return at_; }
  [[nodiscard]] Time now() const { return base + at_; }
  [[nodiscard]] bool quiet() const { return quiet_since_.has_value(); }
  [[nodiscard]] Trace& trace() { return trace_; }
  // A fact: checked against the ledger, then entered.
  void record(const Event& event);
  // A process stands still until `until`; the others go on.
  void stand_still(Process& process, Duration until);
  // Wakes who listens, unless the hint is lost.
  void hint();
  [[nodiscard]] bool over() const {
    return verdict_.failed() || (!quiet() && turns_ >= turns_max_);
  }

  // --- for the run ---
  void add(std::unique_ptr<Process> process);
  [[nodiscard]] std::span<const std::unique_ptr<Process>> processes() const { return processes_; }
  [[nodiscard]] const Ledger& ledger() const { return ledger_; }
  [[nodiscard]] Verdict& verdict() { return verdict_; }
  // The store as it is, for the judge.
  void set_store(TaskRepository& store);
  // Gives turns until the time or the first violation.
  void run_until(Duration end);
  // The faults end after so many turns, however early that is.
  void limit_turns(std::size_t turns_max) { turns_max_ = turns_max; }
  void become_quiet();
  void sweep();
  [[nodiscard]] std::size_t turns() const { return turns_; }

 private:
  static constexpr Time base{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1}};

  [[nodiscard]] Process* next_process();
  void give_turn(Process& process);
  void judge(const TurnView& turn, const WorkerView* worker);

  const Plan plan_;
  Trace trace_;
  Verdict verdict_;
  Ledger ledger_;
  std::vector<CheckerPtr> checkers_;
  std::unique_ptr<StoreView> store_;
  SeededRandom random_;
  std::vector<std::unique_ptr<Process>> processes_;
  Duration at_{};
  std::optional<Duration> quiet_since_;
  int writes_since_sweep_ = 0;
  std::size_t turns_ = 0;
  std::size_t turns_max_ = std::numeric_limits<std::size_t>::max();
};

}  // namespace esteira::sim
