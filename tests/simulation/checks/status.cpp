// A reader sees where each task stands.
#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

class StatusChecker final : public Checker {
 public:
  using Checker::Checker;
  [[nodiscard]] std::string_view name() const override { return "status-as-told"; }

  void after_step(const StepView& view) override {
    for (const auto task_id : view.touched) look(view, task_id);
  }
  void sweep(const StepView& view) override {
    for (const auto& [task_id, task] : view.ledger.tasks()) look(view, task_id);
  }

 private:
  void look(const StepView& view, TaskId task_id) {
    const auto* due = view.ledger.find(task_id);
    const auto* stored = view.store.task(task_id);
    if (due == nullptr || stored == nullptr) {
      if ((due == nullptr) != (stored == nullptr)) {
        fail("task {} {}", task_id, due == nullptr ? "was removed and is there" : "is not there");
      }
      return;
    }
    const auto status = view.ledger.status(*due);
    if (stored->status != status) {
      fail("task {} shows {}, it is {}", task_id, to_text(stored->status), to_text(status));
    } else if (stored->retries != due->retries || stored->crashes != due->crashes) {
      fail("task {} shows retries {} and crashes {}, they are {} and {}", task_id, stored->retries,
           stored->crashes, due->retries, due->crashes);
    } else if (stored->completed_at.has_value() != (due->stage == Stage::ended)) {
      fail("task {} shows {} completed_at", task_id, stored->completed_at ? "a" : "no");
    } else if (due->live && stored->worker != due->live->worker) {
      fail("task {} shows worker {}, held by {}", task_id, stored->worker.value_or("(none)"),
           due->live->worker);
    }
  }
};

}  // namespace

CheckerPtr check_status(Verdict& verdict) { return std::make_unique<StatusChecker>(verdict); }

}  // namespace esteira::sim
