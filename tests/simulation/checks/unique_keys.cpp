// At most one task of a type holds a unique key, each for as long as its scope says.
#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

class UniqueKeys final : public Checker {
 public:
  using Checker::Checker;
  [[nodiscard]] std::string_view name() const override { return "unique-keys"; }

  void before(const Ledger& ledger, const Event& event) override {
    if (const auto* inserted = std::get_if<Inserted>(&event)) {
      const auto& row = inserted->row;
      if (inserted->answer.created && row.unique_key) {
        look(ledger, row.type_id, *row.unique_key, inserted->answer.task_id, inserted->now);
      }
    }
    if (const auto* retried = std::get_if<RetryAsked>(&event)) {
      const auto* task = ledger.find(retried->task_id);
      if (retried->answer == ChangeStatus::applied && task != nullptr && task->unique_key &&
          task->unique_scope != UniqueScope::window) {
        look(ledger, task->type_id, *task->unique_key, task->task_id, retried->now);
      }
    }
  }

 private:
  void look(const Ledger& ledger, TypeId type_id, const std::string& key, TaskId task_id,
            Time now) {
    if (const auto holder = ledger.unique_holder(type_id, key, task_id, now)) {
      fail("task {} took the key '{}' that task {} holds", task_id, key, *holder);
    }
  }
};

}  // namespace

CheckerPtr check_unique_keys(Verdict& verdict) { return std::make_unique<UniqueKeys>(verdict); }

}  // namespace esteira::sim
