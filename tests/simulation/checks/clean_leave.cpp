// A worker that stopped in good order holds nothing any more: no task waits for its lease to end.
#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

class CleanLeave final : public Checker {
 public:
  using Checker::Checker;
  [[nodiscard]] std::string_view name() const override { return "a-stop-leaves-nothing-behind"; }

  void after_step(const StepView& view) override {
    if (view.worker == nullptr || !view.worker->left) return;
    for (const auto& [task_id, task] : view.ledger.tasks()) {
      if (task.live && task.live->worker == view.worker->name) {
        fail("{} left in good order and holds task {}", view.worker->name, task_id);
      }
    }
  }
};

}  // namespace

CheckerPtr check_clean_leave(Verdict& verdict) { return std::make_unique<CleanLeave>(verdict); }

}  // namespace esteira::sim
