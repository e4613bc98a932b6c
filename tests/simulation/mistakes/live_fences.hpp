// Which fence is live for each task: what a statement without a fence in its condition would hit.
#pragma once

#include <map>

#include "world/delegate.hpp"

namespace esteira::sim {

class LiveFences : public Delegate {
 public:
  using Delegate::Delegate;

  [[nodiscard]] Expected<TickAnswer> tick(const TickRequest& request, Time now) override {
    auto answer = tick_wrongly(request, now);
    if (!answer) return answer;
    for (const auto& claim : answer->claims) live_[claim.fence.task_id] = claim.fence;
    return answer;
  }
  [[nodiscard]] Expected<std::vector<TakenOver>> take_expired(const std::string& worker,
                                                              const LeaseId& lease_id,
                                                              Duration lease, int limit,
                                                              Time now) override {
    auto answer = inner().take_expired(worker, lease_id, lease, limit, now);
    if (!answer) return answer;
    for (const auto& one : *answer) live_[one.claim.fence.task_id] = one.claim.fence;
    return answer;
  }

 protected:
  [[nodiscard]] virtual Expected<TickAnswer> tick_wrongly(const TickRequest& request, Time now) = 0;
  // The fence under which the task was last handed out.
  [[nodiscard]] Fence live(const Fence& offered) const {
    const auto found = live_.find(offered.task_id);
    return found == live_.end() ? offered : found->second;
  }

 private:
  std::map<TaskId, Fence> live_;
};

}  // namespace esteira::sim
