// A reserved number belongs to one task for ever, and the task gets the same one again.
#include <map>

#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

class Numbers final : public Checker {
 public:
  using Checker::Checker;
  [[nodiscard]] std::string_view name() const override { return "reserved-numbers"; }

  void before(const Ledger& ledger, const Event& event) override {
    const auto* taken = std::get_if<NoteTaken>(&event);
    if (taken == nullptr || !taken->answer.applied) return;
    const auto* note = std::get_if<NumberNote>(&taken->note);
    if (note == nullptr) return;
    const auto task_id = note->fence.task_id;
    const auto number = taken->answer.number;
    const auto* task = ledger.find(task_id);
    if (task != nullptr && task->numbers.contains(note->counter) &&
        task->numbers.at(note->counter) != number) {
      fail("task {} got number {} of '{}', it had {}", task_id, number, note->counter,
           task->numbers.at(note->counter));
      return;
    }
    auto& owners = owners_[note->counter];
    const auto [owner, first] = owners.try_emplace(number, task_id);
    if (owner->second != task_id) {
      fail("number {} of '{}' went to task {} and to task {}", number, note->counter, owner->second,
           task_id);
    } else if (first && number != static_cast<std::int64_t>(owners.size())) {
      fail("'{}' gave number {} as its {}th", note->counter, number, owners.size());
    }
  }

 private:
  std::map<std::string, std::map<std::int64_t, TaskId>> owners_;
};

}  // namespace

CheckerPtr check_numbers(Verdict& verdict) { return std::make_unique<Numbers>(verdict); }

}  // namespace esteira::sim
