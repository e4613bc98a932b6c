// A heartbeat that renews whatever lease the task is under: it steals back what was taken over.
#include <map>

#include "mistakes/live_fences.hpp"
#include "mistakes/mistakes.hpp"

namespace esteira::sim {
namespace {

class HeartbeatWithoutFence final : public LiveFences {
 public:
  using LiveFences::LiveFences;

 private:
  [[nodiscard]] Expected<TickAnswer> tick_wrongly(const TickRequest& request, Time now) override {
    std::map<LeaseId, Renewal> by_lease;
    std::map<std::pair<std::size_t, std::size_t>, std::pair<LeaseId, std::size_t>> places;
    for (std::size_t i = 0; i < request.renewals.size(); ++i) {
      const auto& renewal = request.renewals[i];
      for (std::size_t k = 0; k < renewal.held.size(); ++k) {
        const auto fence =
            live({renewal.held[k].task_id, renewal.held[k].attempt, renewal.lease_id});
        auto& renewed = by_lease[fence.lease_id];
        renewed.lease_id = fence.lease_id;
        places[{i, k}] = {fence.lease_id, renewed.held.size()};
        renewed.held.push_back({fence.task_id, fence.attempt});
      }
    }
    std::vector<Renewal> renewals;
    std::map<LeaseId, std::size_t> index;
    for (auto& [lease_id, renewal] : by_lease) {
      index[lease_id] = renewals.size();
      renewals.push_back(std::move(renewal));
    }
    auto mistaken = request;
    mistaken.renewals = renewals;
    auto answer = inner().tick(mistaken, now);
    if (!answer) return answer;
    const auto answered = std::exchange(answer->renewals, {});
    for (std::size_t i = 0; i < request.renewals.size(); ++i) {
      auto& told = answer->renewals.emplace_back();
      for (std::size_t k = 0; k < request.renewals[i].held.size(); ++k) {
        const auto& [lease_id, place] = places.at({i, k});
        const auto& one = answered.at(index.at(lease_id));
        told.lease_expires_at = one.lease_expires_at;
        told.held.push_back(one.held.at(place));
      }
    }
    return answer;
  }
};

}  // namespace

std::unique_ptr<TaskRepository> heartbeat_without_fence(TaskRepository& store) {
  return std::make_unique<HeartbeatWithoutFence>(store);
}

}  // namespace esteira::sim
