// `finish … WHERE task_id = ?`: whoever holds the task now, the outcome is taken for theirs.
#include "mistakes/live_fences.hpp"
#include "mistakes/mistakes.hpp"

namespace esteira::sim {
namespace {

class FinishWithoutFence final : public LiveFences {
 public:
  using LiveFences::LiveFences;

 private:
  [[nodiscard]] Expected<TickAnswer> tick_wrongly(const TickRequest& request, Time now) override {
    std::vector<Settlement> settlements(request.settlements.begin(), request.settlements.end());
    for (auto& settlement : settlements) settlement.fence = live(settlement.fence);
    auto mistaken = request;
    mistaken.settlements = settlements;
    return inner().tick(mistaken, now);
  }
};

}  // namespace

std::unique_ptr<TaskRepository> finish_without_fence(TaskRepository& store) {
  return std::make_unique<FinishWithoutFence>(store);
}

}  // namespace esteira::sim
