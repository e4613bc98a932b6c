// A worker's memory is bounded: what it holds, what it keeps for the store, what it says at once.
#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

class Buffers final : public Checker {
 public:
  using Checker::Checker;
  [[nodiscard]] std::string_view name() const override { return "bounded-buffers"; }

  void before(const Ledger& /*ledger*/, const Event& event) override {
    const auto* asked = std::get_if<TickAsked>(&event);
    if (asked == nullptr) return;
    // However long the store was away, the last progress of an attempt is all that is kept.
    std::set<Fence> speaking;
    for (const auto& note : asked->request.notes) {
      const auto* progress = std::get_if<ProgressNote>(&note);
      if (progress != nullptr && !speaking.insert(progress->fence).second) {
        fail("{} tells its progress twice in one tick", to_text(progress->fence));
      }
    }
  }

  void after_step(const StepView& view) override {
    if (view.worker == nullptr) return;
    const auto& worker = *view.worker;
    // What has an outcome no longer takes a slot, and stays until the store has heard of it.
    if (worker.in_flight > 2 * worker.held_max) {
      fail("{} holds {} attempts, its slots and prefetch are {}", worker.name, worker.in_flight,
           worker.held_max);
    } else if (worker.pending > 2 * worker.held_max) {
      fail("{} keeps {} outcomes, its slots and prefetch are {}", worker.name, worker.pending,
           worker.held_max);
    }
  }
};

}  // namespace

CheckerPtr check_buffers(Verdict& verdict) { return std::make_unique<Buffers>(verdict); }

}  // namespace esteira::sim
