// A task ends once; only a person's retry opens it again.
#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

class TerminalOnce final : public Checker {
 public:
  using Checker::Checker;
  [[nodiscard]] std::string_view name() const override { return "one-terminal-outcome"; }

  void before(const Ledger& ledger, const Event& event) override {
    if (const auto* offered = std::get_if<Offered>(&event)) {
      if (offered->answer == FinishStatus::applied) look(ledger, offered->settlement.fence.task_id);
    }
    if (const auto* claimed = std::get_if<Claimed>(&event)) {
      look(ledger, claimed->claim.fence.task_id);
    }
    if (const auto* taken = std::get_if<TakenOver>(&event)) {
      look(ledger, taken->taken.claim.fence.task_id);
    }
  }

 private:
  void look(const Ledger& ledger, TaskId task_id) {
    const auto* task = ledger.find(task_id);
    if (task == nullptr) {
      fail("task {} moved although it does not exist", task_id);
    } else if (task->stage == Stage::ended) {
      fail("task {} moved after it had ended {}", task_id, to_text(task->ended_as));
    }
  }
};

}  // namespace

CheckerPtr check_terminal_once(Verdict& verdict) { return std::make_unique<TerminalOnce>(verdict); }

}  // namespace esteira::sim
