// What a person's cancel, retry or delete is answered follows from where the task stands.
#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

ChangeStatus due_cancel(const TaskRecord* task) {
  if (task == nullptr) return ChangeStatus::not_found;
  switch (task->stage) {
    case Stage::waiting:
      return ChangeStatus::applied;
    case Stage::running:
      return ChangeStatus::requested;
    case Stage::ended:
      return ChangeStatus::wrong_status;
  }
  return ChangeStatus::wrong_status;
}

ChangeStatus due_retry(const Ledger& ledger, const TaskRecord* task, Time now) {
  if (task == nullptr) return ChangeStatus::not_found;
  if (task->stage != Stage::ended) return ChangeStatus::wrong_status;
  const bool needs_key = task->unique_key && task->unique_scope != UniqueScope::window;
  const bool taken =
      needs_key && ledger.unique_holder(task->type_id, *task->unique_key, task->task_id, now);
  return taken ? ChangeStatus::unique_conflict : ChangeStatus::applied;
}

ChangeStatus due_remove(const TaskRecord* task) {
  if (task == nullptr) return ChangeStatus::not_found;
  return task->stage == Stage::running ? ChangeStatus::wrong_status : ChangeStatus::applied;
}

class Changes final : public Checker {
 public:
  using Checker::Checker;
  [[nodiscard]] std::string_view name() const override { return "changes-by-people"; }

  void before(const Ledger& ledger, const Event& event) override {
    if (const auto* asked = std::get_if<CancelAsked>(&event)) {
      look("cancel", asked->task_id, asked->answer, due_cancel(ledger.find(asked->task_id)));
    }
    if (const auto* asked = std::get_if<RetryAsked>(&event)) {
      look("retry", asked->task_id, asked->answer,
           due_retry(ledger, ledger.find(asked->task_id), asked->now));
    }
    if (const auto* asked = std::get_if<RemoveAsked>(&event)) {
      look("delete", asked->task_id, asked->answer, due_remove(ledger.find(asked->task_id)));
    }
  }

 private:
  void look(std::string_view what, TaskId task_id, ChangeStatus answer, ChangeStatus due) {
    if (answer == due) return;
    fail(
        "{} of task {} was answered {}, the contract says {} (0 applied, 1 requested, 2 wrong "
        "status, 3 unique conflict, 4 not found)",
        what, task_id, static_cast<int>(answer), static_cast<int>(due));
  }
};

}  // namespace

CheckerPtr check_changes(Verdict& verdict) { return std::make_unique<Changes>(verdict); }

}  // namespace esteira::sim
