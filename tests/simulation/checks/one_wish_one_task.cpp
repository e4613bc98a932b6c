// One wish of a producer becomes one task at most, however often its answer is lost; ids are never
// used twice.
#include <map>

#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

class OneWishOneTask final : public Checker {
 public:
  using Checker::Checker;
  [[nodiscard]] std::string_view name() const override { return "one-wish-one-task"; }

  void before(const Ledger& ledger, const Event& event) override {
    const auto* inserted = std::get_if<Inserted>(&event);
    if (inserted == nullptr || !inserted->answer.created) return;
    const auto task_id = inserted->answer.task_id;
    if (task_id <= ledger.highest_id()) {
      fail("task {} was created after task {}", task_id, ledger.highest_id());
    }
    const auto order = order_of(inserted->row.payload);
    const auto [known, first] = tasks_.try_emplace(order, task_id);
    if (!first) fail("wish {} became task {} and task {}", order, known->second, task_id);
  }

 private:
  std::map<std::int64_t, TaskId> tasks_;
};

}  // namespace

CheckerPtr check_one_wish_one_task(Verdict& verdict) {
  return std::make_unique<OneWishOneTask>(verdict);
}

}  // namespace esteira::sim
