// A simulated worker process: the real loop over a simulated runner, driven as the thread of
// TaskWorker drives it.
#pragma once

#include "telemetry/event.hpp"
#include "worker/loop.hpp"
#include "world/runner.hpp"
#include "world/site.hpp"

namespace esteira::sim {

class WorkerProcess final : public Process {
 public:
  WorkerProcess(const Site& site, std::string role, std::uint64_t part);

  Duration turn() override;
  void begin_stop() override { stop_requested_ = life_ != nullptr; }
  void hint() override;
  [[nodiscard]] std::optional<WorkerView> worker_view() override;

 protected:
  void forget() override;

 private:
  enum class Phase : std::uint8_t { running, grace, interrupted, last_words };
  // What a process holds in memory between its start and its end.
  struct Life {
    Life(const Site& site, WorkerProcess& process, LoopOptions options);

    std::shared_ptr<TaskRepository> repository;
    SimRunner runner;
    WorkerLoop loop;
    std::int64_t types_version = -1;
    Duration types_at{};
    Duration heartbeat_at{};
    Phase phase = Phase::running;
    Duration phase_ends{};
  };

  void housekeep();
  Expected<void> refresh_types();
  [[nodiscard]] bool advance_stop();
  void leave();

  const Site& site_;
  std::unique_ptr<Life> life_;
  bool hinted_ = false;
  bool stop_requested_ = false;
  bool left_ = false;
  bool left_in_hurry_ = false;  // with outcomes that the store would not take in time
};

}  // namespace esteira::sim
