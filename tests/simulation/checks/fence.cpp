// What a worker says about a run counts under its live claim, and only there.
#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

FinishStatus due_answer(const Ledger& ledger, const Settlement& settlement) {
  const auto* claim = ledger.live(settlement.fence);
  if (claim == nullptr) {
    return ledger.was_settled(settlement.fence) ? FinishStatus::already_applied
                                                : FinishStatus::stale;
  }
  const bool lets_go = std::holds_alternative<Again>(settlement.next) ||
                       settlement.next == Next{Ended{TaskStatus::failed}};
  return claim->cancel_requested && lets_go ? FinishStatus::cancel_requested
                                            : FinishStatus::applied;
}

HeldStatus due_status(const Ledger& ledger, const Fence& fence) {
  const auto* claim = ledger.live(fence);
  if (claim == nullptr) return HeldStatus::lost;
  return claim->cancel_requested ? HeldStatus::cancel : HeldStatus::ok;
}

class FenceChecker final : public Checker {
 public:
  using Checker::Checker;
  [[nodiscard]] std::string_view name() const override { return "fence"; }

  void before(const Ledger& ledger, const Event& event) override {
    if (const auto* offered = std::get_if<Offered>(&event)) look(ledger, *offered);
    if (const auto* renewed = std::get_if<Renewed>(&event)) look(ledger, *renewed);
    if (const auto* note = std::get_if<NoteTaken>(&event)) look(ledger, *note);
  }

 private:
  void look(const Ledger& ledger, const Offered& event) {
    const auto due = due_answer(ledger, event.settlement);
    if (due == event.answer) return;
    fail(
        "the outcome under {} was answered {}, the contract says {} (0 applied, 1 already "
        "applied, 2 stale, 3 cancel requested)",
        to_text(event.settlement.fence), static_cast<int>(event.answer), static_cast<int>(due));
  }
  void look(const Ledger& ledger, const Renewed& event) {
    const auto due = due_status(ledger, event.fence);
    if (due == event.answer) return;
    fail("the heartbeat under {} was answered {}, the contract says {} (0 ok, 1 cancel, 2 lost)",
         to_text(event.fence), static_cast<int>(event.answer), static_cast<int>(due));
  }
  void look(const Ledger& ledger, const NoteTaken& event) {
    const auto& fence =
        std::visit([](const auto& note) -> const Fence& { return note.fence; }, event.note);
    const bool due = ledger.live(fence) != nullptr;
    if (due == event.answer.applied) return;
    fail("a note under {} was {}", to_text(fence), due ? "dropped" : "taken without a live claim");
  }
};

}  // namespace

CheckerPtr check_fence(Verdict& verdict) { return std::make_unique<FenceChecker>(verdict); }

}  // namespace esteira::sim
