// Runs tasks in the background.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "esteira/processor.hpp"
#include "esteira/repository.hpp"
#include "esteira/time.hpp"

namespace esteira {

class EventSink;
class TaskArchive;

struct WorkerOptions {
  std::string name{};                         // "": host-pid-random
  std::vector<std::string> types{};           // empty: every type of the registry
  int concurrency = 10;                       // runner threads, 1 to 1000
  Duration lease = std::chrono::seconds{30};  // at least 1 s
  Duration grace = std::chrono::seconds{25};  // how long a stop waits for running tasks
  // How long a task that was asked to stop may take before it is given up.
  Duration stop_grace = std::chrono::seconds{5};
  int max_crashes = 3;
  Duration poll = std::chrono::seconds{1};
  // A waiting lane gains one priority for each such wait; zero: never.
  Duration ageing = std::chrono::minutes{10};
  bool drain = false;                        // end when nothing of its types is ready or running
  bool maintenance = true;                   // expired leases, retention, statistics
  std::shared_ptr<const Keyring> keyring{};  // for encrypted types; without it none is claimed
  // Where the retention writes tasks before it deletes them; null: nowhere.
  std::shared_ptr<TaskArchive> archive{};
};

// One worker: a loop, its runner threads and the maintenance, over repositories of its own.
class TaskWorker {
 public:
  // `url` as for open_repository. `registry` must outlive the worker; `events` may be null.
  TaskWorker(std::string url, const ProcessorRegistry& registry, WorkerOptions options = {},
             std::shared_ptr<EventSink> events = nullptr);
  ~TaskWorker();  // stops
  TaskWorker(const TaskWorker&) = delete;
  TaskWorker& operator=(const TaskWorker&) = delete;

  // Returns when it runs. May be called once.
  [[nodiscard]] Expected<void> start();
  // Asks for a graceful end: no more claims, running tasks may finish within the grace period, the
  // rest goes back unharmed. Returns at once; from any thread.
  void request_stop();
  // Ends the grace period now.
  void request_stop_now();
  // Waits for the end. True: everything that ran has been settled. False: processors that ignored
  // their stop still run in their threads; the process should exit without destroying this.
  bool wait();
  // True once the worker has ended by itself (drain) or by a stop.
  [[nodiscard]] bool ended() const;
  [[nodiscard]] const std::string& name() const;
  // Attempts settled so far.
  [[nodiscard]] std::int64_t settled() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace esteira
