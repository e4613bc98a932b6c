// An idempotency key means one task, for as long as it is kept.
#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

class Idempotency final : public Checker {
 public:
  using Checker::Checker;
  [[nodiscard]] std::string_view name() const override { return "one-task-a-key"; }

  void before(const Ledger& ledger, const Event& event) override {
    const auto* inserted = std::get_if<Inserted>(&event);
    if (inserted == nullptr) return;
    const auto& key = inserted->row.idempotency_key;
    const auto task_id = inserted->answer.task_id;
    if (!key) {
      if (!inserted->answer.created) fail("task {} was answered to a wish without key", task_id);
      return;
    }
    const auto known = ledger.keys().find(*key);
    if (known == ledger.keys().end()) {
      if (!inserted->answer.created) fail("the new key '{}' was answered task {}", *key, task_id);
    } else if (inserted->answer.created || known->second != task_id) {
      fail("the key '{}' means task {} and was answered task {}{}", *key, known->second, task_id,
           inserted->answer.created ? ", created" : "");
    }
  }
};

}  // namespace

CheckerPtr check_idempotency(Verdict& verdict) { return std::make_unique<Idempotency>(verdict); }

}  // namespace esteira::sim
