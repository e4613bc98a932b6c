// What may be claimed: due, of a type that was asked for and is not paused, within the limit; and
// the claim carries what the task is.
#include <algorithm>

#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

class ClaimRules final : public Checker {
 public:
  using Checker::Checker;
  [[nodiscard]] std::string_view name() const override { return "claim-rules"; }

  void before(const Ledger& ledger, const Event& event) override {
    if (const auto* answered = std::get_if<ClaimAnswered>(&event)) look(ledger, *answered);
    if (const auto* claimed = std::get_if<Claimed>(&event)) {
      if (!claimed->repeated) look_right(ledger, *claimed);
      look_content(ledger, claimed->claim);
    }
    if (const auto* taken = std::get_if<TakenOver>(&event)) {
      look_content(ledger, taken->taken.claim);
    }
  }

 private:
  void look(const Ledger& ledger, const ClaimAnswered& event) {
    const auto& request = event.request;
    if (static_cast<int>(event.claims.size()) > request.limit) {
      fail("{} tasks were claimed, {} were asked for", event.claims.size(), request.limit);
    }
    const auto held = ledger.held_by(request.lease_id);
    if (!request.again || held.empty()) return;
    std::vector<TaskId> answered;
    for (const auto& claim : event.claims) answered.push_back(claim.fence.task_id);
    std::ranges::sort(answered);
    if (answered != held) {
      fail("a repeated claim was answered {} tasks, its lease holds {}", answered.size(),
           held.size());
    }
  }

  void look_right(const Ledger& ledger, const Claimed& event) {
    const auto* task = ledger.find(event.claim.fence.task_id);
    if (task == nullptr) {
      fail("task {} was claimed and does not exist", event.claim.fence.task_id);
      return;
    }
    const auto* type = ledger.type(task->type_id);
    if (task->run_at > event.now) {
      fail("task {} was claimed at {}, due at {}", task->task_id, format_time(event.now),
           format_time(task->run_at));
    } else if (type != nullptr && type->paused) {
      fail("task {} was claimed although its type {} is paused", task->task_id, type->name);
    } else if (std::ranges::count(event.request.types, task->type_id) == 0) {
      fail("task {} of type {} was claimed and not asked for", task->task_id, task->type_id);
    } else if (event.claim.fence.lease_id != event.request.lease_id) {
      fail("task {} was claimed under another lease than asked for", task->task_id);
    } else if (event.claim.run_at != task->run_at) {
      fail("task {} was claimed as due at {}, it was due at {}", task->task_id,
           format_time(event.claim.run_at), format_time(task->run_at));
    }
  }

  void look_content(const Ledger& ledger, const Claim& claim) {
    const auto* task = ledger.find(claim.fence.task_id);
    if (task == nullptr) return;
    if (claim.type_id != task->type_id || claim.payload != task->payload ||
        claim.max_retries != task->max_retries || claim.unique_key != task->unique_key) {
      fail("the claim of task {} carries another task's order", task->task_id);
    } else if (claim.retries != task->retries || claim.crashes != task->crashes) {
      fail("the claim of task {} carries retries {} and crashes {}, it stands at {} and {}",
           task->task_id, claim.retries, claim.crashes, task->retries, task->crashes);
    } else if (claim.checkpoint != task->checkpoint) {
      fail("the claim of task {} carries the checkpoint {}, kept was {}", task->task_id,
           claim.checkpoint.value_or("(none)"), task->checkpoint.value_or("(none)"));
    }
  }
};

}  // namespace

CheckerPtr check_claim_rules(Verdict& verdict) { return std::make_unique<ClaimRules>(verdict); }

}  // namespace esteira::sim
