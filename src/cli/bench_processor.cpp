#include "cli/bench_processor.hpp"

#include <utility>

namespace esteira::cli {

TaskResult BenchProcessor::process(const Task& task, ExecutionContext& /*context*/) {
  if (watched_.load(std::memory_order_relaxed)) {
    const auto now = std::chrono::steady_clock::now();
    const MutexLock lock(mutex_);
    start_ = now;
    started_.notify_one();
  }
  return task.payload;
}

std::optional<BenchProcessor::SteadyTime> BenchProcessor::wait_start(
    std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  const MutexLock lock(mutex_);
  while (!start_) {
    const auto left = end - std::chrono::steady_clock::now();
    if (left.count() <= 0) return std::nullopt;
    started_.wait_for(mutex_, left);
  }
  return std::exchange(start_, std::nullopt);
}

}  // namespace esteira::cli
