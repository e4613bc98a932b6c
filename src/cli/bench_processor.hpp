// A task that does nothing, and says when it began.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>

#include "base/mutex.hpp"
#include "esteira/processor.hpp"

namespace esteira::cli {

class BenchProcessor final : public BaseProcessor {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  [[nodiscard]] std::string_view task_type() const override { return "BENCH_NOOP"; }
  Result process(const Task& task, ExecutionContext& context) override;

  // From here on each start is told to `wait_start`.
  void watch_starts() { watched_.store(true); }
  // When the next task began; none at the time limit.
  [[nodiscard]] std::optional<SteadyTime> wait_start(std::chrono::milliseconds limit);

 private:
  std::atomic<bool> watched_{false};
  Mutex mutex_;
  Condition started_;
  std::optional<SteadyTime> start_ ESTEIRA_GUARDED_BY(mutex_);
};

}  // namespace esteira::cli
