// A process of the simulated system: its clock, its moods, and what it does with a turn.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "checks/checker.hpp"
#include "world/chance.hpp"

namespace esteira::sim {

class World;

// The process's clocks: they follow the world's time, but for a while in which they may stand.
class ProcessClock final : public Clock {
 public:
  explicit ProcessClock(const World& world) : world_(world) {}
  [[nodiscard]] Time now() const override;
  [[nodiscard]] Duration steady() const override;

  void freeze(Duration until, bool steady_too);
  void thaw() { until_ = Duration{0}; }
  [[nodiscard]] bool stands() const;

 private:
  [[nodiscard]] Duration wall() const;

  const World& world_;
  Duration frozen_at_{};
  Duration until_{};
  bool steady_too_ = false;
};

class Process {
 public:
  Process(World& world, std::string role, std::uint64_t part);
  virtual ~Process() = default;
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  // One turn; answers how long it may sleep. May throw Crash.
  virtual Duration turn() = 0;
  // Loses all memory and is started again later.
  void crash();
  // Asked to stop in good order, where it knows how to.
  virtual void begin_stop() {}
  // The faults are off: what they did to the process itself ends too.
  void recover();
  // Something that it may want to look at.
  virtual void hint() {}
  // As after its last turn, where it is a worker.
  [[nodiscard]] virtual std::optional<WorkerView> worker_view() { return std::nullopt; }

  [[nodiscard]] World& world() { return world_; }
  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] const ProcessClock& clock() const { return *clock_; }
  [[nodiscard]] ProcessClock& clock() { return *clock_; }
  [[nodiscard]] const std::shared_ptr<ProcessClock>& shared_clock() const { return clock_; }
  [[nodiscard]] SeededRandom& random() { return random_; }

  // The scheduler's: when the next turn is due, whether one is going on.
  Duration wake_at{};
  Duration paused_until{};
  Duration away_until{};  // its store does not answer before
  bool busy = false;
  bool doomed = false;  // was killed while it stood still in a call
  bool woken = false;   // since its turn began
  int news = 0;         // outcomes, notes and hints that came to it, for the judge

 protected:
  // A new life has a new name, as a process has a new id.
  void rename();
  // Drops what the process had in memory.
  virtual void forget() = 0;

  World& world_;

 private:
  const std::string role_;
  std::string name_;
  int lives_ = 1;
  std::shared_ptr<ProcessClock> clock_;
  SeededRandom random_;
};

}  // namespace esteira::sim
