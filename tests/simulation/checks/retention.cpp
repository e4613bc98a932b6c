// The retention removes only what has ended long enough ago.
#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

Duration kept_for(const Retention& retention, TaskStatus status) {
  if (status == TaskStatus::completed) return retention.completed;
  return status == TaskStatus::failed ? retention.failed : retention.cancelled;
}

class RetentionChecker final : public Checker {
 public:
  using Checker::Checker;
  [[nodiscard]] std::string_view name() const override { return "retention"; }

  void before(const Ledger& ledger, const Event& event) override {
    const auto* pruned = std::get_if<Pruned>(&event);
    if (pruned == nullptr) return;
    const auto* task = ledger.find(pruned->task_id);
    if (task == nullptr) return;
    const auto* type = ledger.type(task->type_id);
    if (task->stage != Stage::ended) {
      fail("the retention removed task {}, which had not ended", task->task_id);
    } else if (type != nullptr &&
               task->ended_at + kept_for(type->retention, task->ended_as) > pruned->now) {
      fail("the retention removed task {} at {}, it had ended at {}", task->task_id,
           format_time(pruned->now), format_time(task->ended_at));
    }
  }
};

}  // namespace

CheckerPtr check_retention(Verdict& verdict) { return std::make_unique<RetentionChecker>(verdict); }

}  // namespace esteira::sim
