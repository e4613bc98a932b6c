// The maintenance in a thread and on a connection of its own, beside a worker or without one.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>

#include "base/random.hpp"
#include "repository/database_clock.hpp"
#include "worker/maintenance.hpp"
#include "worker/waker.hpp"

namespace esteira {

class MaintenanceThread {
 public:
  // `url` as for open_repository; `options.worker`, if empty, is made up. `events` may be null.
  MaintenanceThread(std::string url, MaintenanceOptions options, std::shared_ptr<EventSink> events);
  ~MaintenanceThread();  // stops
  MaintenanceThread(const MaintenanceThread&) = delete;
  MaintenanceThread& operator=(const MaintenanceThread&) = delete;

  // Opens the database and asks it for the time.
  [[nodiscard]] Expected<void> open();
  // Once, after `open`.
  void start();
  // Returns at once; from any thread.
  void request_stop();
  // Waits for the end that was requested.
  void wait();

 private:
  void run();

  const std::string url_;
  MaintenanceOptions options_;
  const std::shared_ptr<EventSink> events_;
  SystemRandom random_;
  DatabaseClock clock_;
  std::shared_ptr<TaskRepository> repository_;  // the thread's, once it runs
  Waker waker_;
  std::atomic<bool> stop_requested_ = false;
  std::thread thread_;
};

}  // namespace esteira
