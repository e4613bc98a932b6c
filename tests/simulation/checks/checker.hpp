// A promise of the contract, checked at each fact before it enters the ledger and after each step.
#pragma once

#include <set>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "checks/store_view.hpp"
#include "model/ledger.hpp"
#include "world/verdict.hpp"

namespace esteira::sim {

// An attempt as its worker's runner knows it.
struct RunView {
  Fence fence;
  bool stop_requested = false;
};

// A worker right after one of its turns.
struct WorkerView {
  std::string_view name;
  std::size_t in_flight = 0;
  std::size_t pending = 0;
  std::size_t held_max = 0;  // slots and prefetch
  // False after a turn during which its process stood still: it has not had time to look around.
  bool alert = true;
  bool left = false;  // a stop in good order has come to its end
  std::vector<RunView> running;
};

// The turn of one process, as the scheduler saw it.
struct TurnView {
  std::string_view process;
  Duration at{};
  int news = 0;  // what came to it from outside since its last turn: outcomes, notes, hints
  bool clock_stands = false;
};

struct StepView {
  const Ledger& ledger;
  StoreView& store;  // as it is, without faults
  Duration at{};
  Time now{};
  const std::set<TaskId>& touched;
  std::optional<Duration> quiet_since{};  // faults are off since then
  const TurnView* turn = nullptr;
  const WorkerView* worker = nullptr;  // where the turn was a worker's
};

class Checker {
 public:
  explicit Checker(Verdict& verdict) : verdict_(verdict) {}
  virtual ~Checker() = default;
  Checker(const Checker&) = delete;
  Checker& operator=(const Checker&) = delete;

  [[nodiscard]] virtual std::string_view name() const = 0;
  virtual void before(const Ledger& /*ledger*/, const Event& /*event*/) {}
  virtual void after_step(const StepView& /*view*/) {}
  // A look at everything: now and then, and at the end.
  virtual void sweep(const StepView& /*view*/) {}

 protected:
  template <class... Arguments>
  void fail(fmt::format_string<Arguments...> format, Arguments&&... arguments) {
    verdict_.fail(name(), fmt::format(format, std::forward<Arguments>(arguments)...));
  }

 private:
  Verdict& verdict_;
};

[[nodiscard]] std::string to_text(const Fence& fence);

}  // namespace esteira::sim
