// Failures count as retries up to the task's limit; a crash is counted only for a lease that ended.
#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

class Budgets final : public Checker {
 public:
  using Checker::Checker;
  [[nodiscard]] std::string_view name() const override { return "budgets"; }

  void before(const Ledger& ledger, const Event& event) override {
    const auto* offered = std::get_if<Offered>(&event);
    if (offered == nullptr || offered->answer != FinishStatus::applied) return;
    const auto& settlement = offered->settlement;
    const auto* task = ledger.find(settlement.fence.task_id);
    if (task == nullptr || !task->live) return;
    look_crashes(*task, settlement);
    look_retries(*task, settlement);
  }

 private:
  void look_crashes(const TaskRecord& task, const Settlement& settlement) {
    const int added = settlement.crashes - task.crashes;
    if (added == 0 && settlement.status != ExecutionStatus::expired) return;
    if (added != 1) {
      fail("an attempt of task {} that ended {} moved its crashes by {}", task.task_id,
           to_text(settlement.status), added);
    } else if (!task.live->lease_ended) {
      fail("a crash of task {} was counted, and its lease had not ended", task.task_id);
    }
  }

  void look_retries(const TaskRecord& task, const Settlement& settlement) {
    const int added = settlement.retries - task.retries;
    const bool waits = std::holds_alternative<Again>(settlement.next);
    const bool failed = settlement.status == ExecutionStatus::failed ||
                        settlement.status == ExecutionStatus::timed_out;
    if (settlement.retries > task.max_retries) {
      fail("task {} stands at {} retries of {}", task.task_id, settlement.retries,
           task.max_retries);
    } else if (waits && added != (failed ? 1 : 0)) {
      fail("an attempt of task {} that ended {} moved its retries by {}", task.task_id,
           to_text(settlement.status), added);
    } else if (added < 0 || added > 1) {
      fail("the retries of task {} moved by {}", task.task_id, added);
    }
  }
};

}  // namespace

CheckerPtr check_budgets(Verdict& verdict) { return std::make_unique<Budgets>(verdict); }

}  // namespace esteira::sim
