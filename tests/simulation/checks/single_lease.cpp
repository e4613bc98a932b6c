// A task is held under one live lease at most; a lease is taken over only after its end, and its
// new holder learns what the old one held.
#include <algorithm>

#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

class SingleLease final : public Checker {
 public:
  using Checker::Checker;
  [[nodiscard]] std::string_view name() const override { return "single-live-lease"; }

  void before(const Ledger& ledger, const Event& event) override {
    if (const auto* claimed = std::get_if<Claimed>(&event)) look(ledger, *claimed);
    if (const auto* taken = std::get_if<TakenOver>(&event)) look(ledger, *taken);
    if (const auto* answer = std::get_if<TakeOverAnswered>(&event)) look(ledger, *answer);
  }

 private:
  void look(const Ledger& ledger, const Claimed& event) {
    const auto& fence = event.claim.fence;
    const auto* task = ledger.find(fence.task_id);
    if (task == nullptr) return;
    if (event.repeated && ledger.live(fence) == nullptr) {
      fail("a repeated claim was answered {}, which is no live claim", to_text(fence));
    } else if (!event.repeated && task->live) {
      fail("task {} was claimed by {} while {} held it until {}", fence.task_id, event.worker,
           task->live->worker, format_time(task->live->expires_at));
    }
  }

  void look(const Ledger& ledger, const TakenOver& event) {
    const auto& claim = event.taken.claim;
    const auto* task = ledger.find(claim.fence.task_id);
    if (task == nullptr) return;
    if (!task->live) {
      fail("task {} was taken over although nobody held it", claim.fence.task_id);
    } else if (event.repeated ? task->live->fence != claim.fence
                              : task->live->fence.attempt != claim.fence.attempt) {
      fail("task {} was taken over as {} from {}", claim.fence.task_id, to_text(claim.fence),
           to_text(task->live->fence));
    } else if (!event.repeated && task->live->expires_at >= event.now) {
      fail("task {} was taken over at {}, its lease holds until {}", claim.fence.task_id,
           format_time(event.now), format_time(task->live->expires_at));
    } else if (task->live->ran_by != event.taken.previous_worker) {
      fail("task {} was taken over from {}, and {} ran it", claim.fence.task_id,
           event.taken.previous_worker, task->live->ran_by);
    } else if (task->live->cancel_requested != claim.cancel_requested) {
      fail("task {} was taken over without the word of its cancel", claim.fence.task_id);
    }
  }

  // An empty answer promises that nothing has expired.
  void look(const Ledger& ledger, const TakeOverAnswered& event) {
    if (!event.taken.empty()) return;
    for (const auto& [task_id, task] : ledger.tasks()) {
      if (task.live && task.live->expires_at < event.now) {
        fail("a scan at {} found nothing, and the lease of task {} had ended at {}",
             format_time(event.now), task_id, format_time(task.live->expires_at));
      }
    }
  }
};

}  // namespace

CheckerPtr check_single_lease(Verdict& verdict) { return std::make_unique<SingleLease>(verdict); }

}  // namespace esteira::sim
