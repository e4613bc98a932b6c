// A worker that runs until it has settled the many: how long they took from their instant (or from
// its own start, where they were due before), how long urgent ones waited for their start, and how
// large it grew.
#include <atomic>
#include <chrono>
#include <fstream>
#include <sys/resource.h>
#include <thread>

#include <fmt/format.h>

#include "esteira/worker.hpp"
#include "instant.hpp"

namespace esteira::instant {
namespace {

using SteadyClock = std::chrono::steady_clock;

class CountedNoop final : public Noop {
 public:
  Result process(const Task& task, ExecutionContext& context) override {
    count_.fetch_add(1, std::memory_order_relaxed);
    return Noop::process(task, context);
  }
  [[nodiscard]] std::int64_t count() const { return count_.load(); }

 private:
  std::atomic<std::int64_t> count_{0};
};

// The payload is when its creation began, by the machine's monotonic clock.
class TimedUrgent final : public Urgent {
 public:
  Result process(const Task& task, ExecutionContext& /*context*/) override {
    const auto now = std::chrono::nanoseconds(SteadyClock::now().time_since_epoch());
    const std::chrono::nanoseconds sent{task.payload.to_number<std::int64_t>()};
    const std::lock_guard lock(mutex_);
    waits_ms_.push_back(std::chrono::duration<double, std::milli>(now - sent).count());
    return Json(nullptr);
  }
  std::vector<double> waits_ms() {
    const std::lock_guard lock(mutex_);
    return waits_ms_;
  }

 private:
  std::mutex mutex_;
  std::vector<double> waits_ms_;
};

// The most that this process has had in memory, in KiB.
std::int64_t peak_kib() {
  std::ifstream status("/proc/self/status");
  std::string word;
  while (status >> word) {
    if (word != "VmHWM:") continue;
    std::int64_t kib = 0;
    status >> kib;
    return kib;
  }
  throw std::runtime_error("/proc/self/status does not name VmHWM");
}

// What this process has used of processors: steadier than time on a machine that others use too.
double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

}  // namespace

void work(const Settings& settings) {
  const auto noop = std::make_shared<CountedNoop>();
  const auto urgent = std::make_shared<TimedUrgent>();
  ProcessorRegistry registry;
  registry.add(noop);
  registry.add(urgent);
  TaskWorker worker(settings.address, registry);
  auto begin = std::chrono::system_clock::now();
  check(worker.start());
  if (settings.at) begin = std::max<std::chrono::system_clock::time_point>(begin, *settings.at);
  while (noop->count() < settings.tasks ||
         worker.settled() < settings.tasks + std::ssize(urgent->waits_ms())) {
    if (worker.ended()) throw std::runtime_error("the worker ended before its tasks");
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  }
  const std::chrono::duration<double> passed = std::chrono::system_clock::now() - begin;
  worker.request_stop();
  if (!worker.wait()) throw std::runtime_error("the worker did not stop");
  fmt::print("{}\n", to_text(Json(JsonObject{{"seconds", passed.count()},
                                             {"cpu_seconds", cpu_seconds()},
                                             {"peak_kib", peak_kib()},
                                             {"urgent_ms", quantiles(urgent->waits_ms())}})));
}

}  // namespace esteira::instant
