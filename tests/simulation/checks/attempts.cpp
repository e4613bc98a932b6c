// Attempts are counted at the claim, one by one, and never fall.
#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

class Attempts final : public Checker {
 public:
  using Checker::Checker;
  [[nodiscard]] std::string_view name() const override { return "attempts-count-claims"; }

  void before(const Ledger& ledger, const Event& event) override {
    const auto* claimed = std::get_if<Claimed>(&event);
    if (claimed == nullptr) return;
    const auto* task = ledger.find(claimed->claim.fence.task_id);
    if (task == nullptr) return;
    const int due = claimed->repeated ? task->claims : task->claims + 1;
    if (claimed->claim.fence.attempt != due) {
      fail("claim {} of task {} was numbered {}", due, task->task_id, claimed->claim.fence.attempt);
    }
  }

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
    const auto* stored = view.store.task(task_id);
    if (stored == nullptr) return;  // the status checker speaks of this
    if (stored->attempt != task->claims) {
      fail("task {} shows attempt {} after {} claims", task_id, stored->attempt, task->claims);
    }
  }
};

}  // namespace

CheckerPtr check_attempts(Verdict& verdict) { return std::make_unique<Attempts>(verdict); }

}  // namespace esteira::sim
