// Attempts that are counted when a run is known to have failed, not when it is handed out: a task
// that kills its worker runs for ever as attempt 1.
#include <algorithm>
#include <map>

#include "mistakes/mistakes.hpp"

namespace esteira::sim {
namespace {

// The store counts as it should; this translates between its numbers and the mistaken ones.
class AttemptCountedOnFailure final : public Delegate {
 public:
  using Delegate::Delegate;

  [[nodiscard]] Expected<TickAnswer> tick(const TickRequest& request, Time now) override {
    std::vector<Note> notes(request.notes.begin(), request.notes.end());
    for (auto& note : notes) std::visit([this](auto& one) { to_store(one.fence); }, note);
    std::vector<Settlement> settlements(request.settlements.begin(), request.settlements.end());
    for (auto& settlement : settlements) to_store(settlement.fence);
    std::vector<Renewal> renewals(request.renewals.begin(), request.renewals.end());
    for (auto& renewal : renewals) {
      for (auto& held : renewal.held) {
        held.attempt = store_attempt({held.task_id, held.attempt, renewal.lease_id});
      }
    }
    auto translated = request;
    translated.notes = notes;
    translated.settlements = settlements;
    translated.renewals = renewals;
    auto answer = inner().tick(translated, now);
    if (!answer) return answer;
    count_failures(request, *answer);
    for (auto& claim : answer->claims) from_store(claim);
    return answer;
  }

  [[nodiscard]] Expected<std::vector<TakenOver>> take_expired(const std::string& worker,
                                                              const LeaseId& lease_id,
                                                              Duration lease, int limit,
                                                              Time now) override {
    auto answer = inner().take_expired(worker, lease_id, lease, limit, now);
    if (!answer) return answer;
    for (auto& one : *answer) from_store(one.claim);
    return answer;
  }

 private:
  void from_store(Claim& claim) {
    const auto task_id = claim.fence.task_id;
    const int shown = failures_[task_id] + 1;
    attempts_[{task_id, shown, claim.fence.lease_id}] = claim.fence.attempt;
    claim.fence.attempt = shown;
  }
  [[nodiscard]] int store_attempt(const Fence& shown) const {
    const auto found = attempts_.find(shown);
    return found == attempts_.end() ? shown.attempt : found->second;
  }
  void to_store(Fence& fence) const { fence.attempt = store_attempt(fence); }

  void count_failures(const TickRequest& request, const TickAnswer& answer) {
    for (std::size_t i = 0; i < request.settlements.size(); ++i) {
      const auto& settlement = request.settlements[i];
      const bool failed = settlement.status == ExecutionStatus::failed ||
                          settlement.status == ExecutionStatus::timed_out;
      if (failed && answer.settlements[i] == FinishStatus::applied) {
        ++failures_[settlement.fence.task_id];
      }
    }
  }

  std::map<TaskId, int> failures_;
  std::map<Fence, int> attempts_;  // the store's number of a mistaken one
};

}  // namespace

std::unique_ptr<TaskRepository> attempt_counted_on_failure(TaskRepository& store) {
  return std::make_unique<AttemptCountedOnFailure>(store);
}

}  // namespace esteira::sim
