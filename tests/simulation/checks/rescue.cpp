// Once the faults are off, a lease that has ended is taken over within two scans.
#include <algorithm>

#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

class Rescue final : public Checker {
 public:
  // `scan`: the longest time between two rounds of one maintenance.
  Rescue(Verdict& verdict, Duration scan) : Checker(verdict), scan_(scan) {}
  [[nodiscard]] std::string_view name() const override { return "rescued-within-two-scans"; }

  void after_step(const StepView& view) override {
    if (!view.quiet_since) return;
    const auto quiet = view.now - (view.at - *view.quiet_since);
    for (const auto& [task_id, task] : view.ledger.tasks()) {
      if (!task.live) continue;
      const auto due = std::max(task.live->expires_at, quiet) + 2 * scan_;
      if (view.now > due) {
        fail("task {} is held by {} under a lease that ended at {}; now {}, faults off since {}",
             task_id, task.live->worker, format_time(task.live->expires_at), format_time(view.now),
             format_time(quiet));
      }
    }
  }

 private:
  const Duration scan_;
};

}  // namespace

CheckerPtr check_rescue(Verdict& verdict, Duration scan) {
  return std::make_unique<Rescue>(verdict, scan);
}

}  // namespace esteira::sim
