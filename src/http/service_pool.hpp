// The bounded pool in which routes talk to the database, so that the server's thread never does.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/mutex.hpp"
#include "esteira/error.hpp"
#include "http/services.hpp"

namespace esteira::http {

// Sets of services over repositories of their own.
[[nodiscard]] std::function<Expected<std::unique_ptr<Services>>()> services_opener(
    std::function<Expected<std::shared_ptr<TaskRepository>>()> open,
    const ProcessorRegistry* registry, std::shared_ptr<DatabaseClock> clock);

// Thread-safe.
class ServicePool {
 public:
  using Open = std::function<Expected<std::unique_ptr<Services>>()>;
  // Null: the database could not be opened.
  using Job = std::function<void(Services*)>;

  ServicePool(int threads, std::size_t waiting_max, Open open);
  ~ServicePool();  // when all that was posted has run
  ServicePool(const ServicePool&) = delete;
  ServicePool& operator=(const ServicePool&) = delete;

  // False: too much waits, and the job will not run.
  [[nodiscard]] bool post(Job job);

 private:
  void run();

  const std::size_t waiting_max_;
  const Open open_;
  Mutex mutex_;
  Condition changed_;
  std::deque<Job> waiting_ ESTEIRA_GUARDED_BY(mutex_);
  bool stopping_ ESTEIRA_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;  // last: they use all the others
};

}  // namespace esteira::http
