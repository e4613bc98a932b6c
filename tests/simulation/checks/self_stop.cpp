// A worker that is awake asks its processors to stop before a lease that it lost ends: two attempts
// of one task run at once only where a processor ignores that, or the whole process stood still.
#include <map>

#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

class SelfStop final : public Checker {
 public:
  using Checker::Checker;
  [[nodiscard]] std::string_view name() const override { return "stops-before-its-lease-ends"; }

  void before(const Ledger& ledger, const Event& event) override {
    if (const auto* claimed = std::get_if<Claimed>(&event)) {
      if (!claimed->repeated) ends_[claimed->claim.fence] = claimed->now + claimed->request.lease;
    }
    if (const auto* renewed = std::get_if<Renewed>(&event)) {
      if (ledger.live(renewed->fence) != nullptr) ends_[renewed->fence] = renewed->expires_at;
    }
  }

  void after_step(const StepView& view) override {
    if (view.worker == nullptr) return;
    // A clock that stood still has miscounted every lease since.
    if (view.turn->clock_stands) odd_clocks_.emplace(view.worker->name);
    if (!view.worker->alert || odd_clocks_.contains(std::string(view.worker->name))) return;
    for (const auto& run : view.worker->running) {
      const auto ends = ends_.find(run.fence);
      if (!run.stop_requested && ends != ends_.end() && view.now > ends->second) {
        fail("{} runs {} at {} and was not asked to stop; its lease ended at {}", view.worker->name,
             to_text(run.fence), format_time(view.now), format_time(ends->second));
      }
    }
  }

 private:
  std::map<Fence, Time> ends_;
  std::set<std::string> odd_clocks_;
};

}  // namespace

CheckerPtr check_self_stop(Verdict& verdict) { return std::make_unique<SelfStop>(verdict); }

}  // namespace esteira::sim
