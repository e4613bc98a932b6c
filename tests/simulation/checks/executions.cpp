// One execution row for each ended attempt, with its status; the running attempt last.
#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

class Executions final : public Checker {
 public:
  using Checker::Checker;
  [[nodiscard]] std::string_view name() const override { return "one-row-an-attempt"; }

  void after_step(const StepView& view) override {
    for (const auto task_id : view.touched) look(view, task_id);
  }
  void sweep(const StepView& view) override {
    for (const auto& [task_id, task] : view.ledger.tasks()) look(view, task_id);
  }

 private:
  void look(const StepView& view, TaskId task_id) {
    const auto* task = view.ledger.find(task_id);
    if (task == nullptr) return;
    const auto& rows = view.store.executions(task_id);
    const auto due = task->ended_attempts.size() + (task->live ? 1 : 0);
    if (rows.size() != due) {
      fail("task {} shows {} executions of {} attempts", task_id, rows.size(), due);
      return;
    }
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const bool runs = i >= task->ended_attempts.size();
      const int attempt = runs ? task->live->fence.attempt : task->ended_attempts[i].attempt;
      const auto status = runs ? ExecutionStatus::processing : task->ended_attempts[i].status;
      if (rows[i].attempt != attempt || rows[i].status != status) {
        fail("task {} shows execution {} {}, due is {} {}", task_id, rows[i].attempt,
             to_text(rows[i].status), attempt, to_text(status));
      }
    }
  }
};

}  // namespace

CheckerPtr check_executions(Verdict& verdict) { return std::make_unique<Executions>(verdict); }

}  // namespace esteira::sim
