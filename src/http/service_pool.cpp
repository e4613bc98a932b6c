#include "http/service_pool.hpp"

#include "base/assert.hpp"
#include "base/thread_name.hpp"

namespace esteira::http {
namespace {

constexpr std::chrono::seconds clock_interval{30};

}  // namespace

std::function<Expected<std::unique_ptr<Services>>()> services_opener(
    std::function<Expected<std::shared_ptr<TaskRepository>>()> open,
    const ProcessorRegistry* registry, std::shared_ptr<DatabaseClock> clock) {
  return [open = std::move(open), registry, clock = std::move(clock),
          in_flight = std::make_shared<InFlight>()]() -> Expected<std::unique_ptr<Services>> {
    auto repository = ESTEIRA_TRY(open());
    return std::make_unique<Services>(
        Services{.repository = repository,
                 .clock = clock,
                 .tasks = TaskService(repository, registry, clock),
                 .types = TypeService(repository, clock),
                 .schedules = ScheduleService(repository, registry, clock),
                 .batches = BatchService(repository, registry, clock),
                 .in_flight = in_flight});
  };
}

ServicePool::ServicePool(int threads, std::size_t waiting_max, Open open)
    : waiting_max_(waiting_max), open_(std::move(open)) {
  for (int i = 0; i < threads; ++i) threads_.emplace_back([this] { run(); });
}

ServicePool::~ServicePool() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_all();
  }
  for (auto& thread : threads_) thread.join();
}

bool ServicePool::post(Job job) {
  const MutexLock lock(mutex_);
  if (stopping_ || waiting_.size() >= waiting_max_) return false;
  waiting_.push_back(std::move(job));
  changed_.notify_one();
  return true;
}

void ServicePool::run() {
  name_this_thread("esteira-api");
  std::unique_ptr<Services> services;
  auto sync_at = std::chrono::steady_clock::now() + clock_interval;
  for (;;) {
    Job job;
    {
      const MutexLock lock(mutex_);
      while (waiting_.empty() && !stopping_) changed_.wait(mutex_);
      if (waiting_.empty()) return;
      job = std::move(waiting_.front());
      waiting_.pop_front();
    }
    if (!services) {
      // A database that is away now is tried again by the next job.
      if (auto opened = open_()) services = std::move(*opened);
    }
    if (services && std::chrono::steady_clock::now() >= sync_at) {
      static_cast<void>(services->clock->sync(*services->repository));
      sync_at = std::chrono::steady_clock::now() + clock_interval;
    }
    job(services.get());
  }
}

}  // namespace esteira::http
