// No process spins: its turns in a virtual second are few but for what came to it.
#include <map>

#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

class Spin final : public Checker {
 public:
  using Checker::Checker;
  [[nodiscard]] std::string_view name() const override { return "no-busy-loop"; }

  void after_step(const StepView& view) override {
    if (view.turn == nullptr) return;
    auto& window = windows_[std::string(view.turn->process)];
    if (view.at - window.since >= std::chrono::seconds{1}) window = {.since = view.at};
    ++window.turns;
    window.news += view.turn->news;
    window.clock_stood = window.clock_stood || view.turn->clock_stands;
    // A worker that runs something looks at its deadlines 20 times a second, and retries a store
    // that is away at most so often; each outcome, note or hint is worth a few turns.
    const int due = 120 + 6 * window.news;
    if (window.turns > due && !window.clock_stood) {
      fail("{} took {} turns in a second with {} news", view.turn->process, window.turns,
           window.news);
    }
  }

 private:
  struct Window {
    Duration since{};
    int turns = 0;
    int news = 0;
    bool clock_stood = false;
  };
  std::map<std::string, Window> windows_;
};

}  // namespace

CheckerPtr check_spin(Verdict& verdict) { return std::make_unique<Spin>(verdict); }

}  // namespace esteira::sim
