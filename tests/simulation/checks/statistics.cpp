// The counters equal a recount.
#include <array>

#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

class Statistics final : public Checker {
 public:
  using Checker::Checker;
  [[nodiscard]] std::string_view name() const override { return "statistics-equal-a-recount"; }

  void after_step(const StepView& view) override {
    if (std::exchange(moves_, view.ledger.moves()) != view.ledger.moves()) look(view);
  }
  void sweep(const StepView& view) override { look(view); }

 private:
  void look(const StepView& view) {
    std::array<std::int64_t, task_statuses> due{};
    for (const auto& [task_id, task] : view.ledger.tasks()) {
      ++due.at(static_cast<std::size_t>(view.ledger.status(task)));
    }
    const auto& stats = view.store.stats();
    for (std::size_t i = 0; i < due.size(); ++i) {
      if (stats.by_status.at(i) != due.at(i)) {
        fail("the statistics count {} {}, there are {}", stats.by_status.at(i),
             to_text(static_cast<TaskStatus>(i)), due.at(i));
      }
    }
  }

  std::int64_t moves_ = 0;
};

}  // namespace

CheckerPtr check_statistics(Verdict& verdict) { return std::make_unique<Statistics>(verdict); }

}  // namespace esteira::sim
