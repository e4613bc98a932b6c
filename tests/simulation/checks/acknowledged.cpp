// A task that its producer was told of exists until a person or the retention removes it.
#include <algorithm>

#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

class AcknowledgedKept final : public Checker {
 public:
  using Checker::Checker;
  [[nodiscard]] std::string_view name() const override { return "no-acknowledged-task-missing"; }

  void before(const Ledger& ledger, const Event& event) override {
    const auto* told = std::get_if<Acknowledged>(&event);
    if (told == nullptr) return;
    const auto* task = ledger.find(told->task_id);
    if (task == nullptr && !ledger.was_removed(told->task_id)) {
      fail("wish {} was acknowledged as task {}, which never was", told->order, told->task_id);
    } else if (task != nullptr && task->order != told->order) {
      fail("wish {} was acknowledged as task {}, which is wish {}", told->order, told->task_id,
           task->order);
    }
  }

  void after_step(const StepView& view) override {
    for (const auto task_id : view.touched) {
      const auto* task = view.ledger.find(task_id);
      if (task != nullptr && task->acknowledged && view.store.task(task_id) == nullptr) {
        fail("task {} is gone", task_id);
      }
    }
  }

  // The list shows exactly what there is.
  void sweep(const StepView& view) override {
    auto stored = view.store.task_ids();
    std::ranges::sort(stored);
    std::vector<TaskId> due;
    for (const auto& [task_id, task] : view.ledger.tasks()) due.push_back(task_id);
    if (stored == due) return;
    std::vector<TaskId> difference;
    std::ranges::set_symmetric_difference(stored, due, std::back_inserter(difference));
    fail("the store lists {} tasks, the ledger {}; the first that only one has is {}",
         stored.size(), due.size(), difference.empty() ? 0 : difference.front());
  }
};

}  // namespace

CheckerPtr check_acknowledged(Verdict& verdict) {
  return std::make_unique<AcknowledgedKept>(verdict);
}

}  // namespace esteira::sim
