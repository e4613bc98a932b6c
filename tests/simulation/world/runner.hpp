// The runner of a simulated worker: attempts take virtual time and end as their script says.
#pragma once

#include <deque>
#include <optional>
#include <vector>

#include "checks/checker.hpp"
#include "worker/runner.hpp"
#include "world/script.hpp"

namespace esteira::sim {

class Process;

// Told what the loop answered to a note.
class SimWaiter final : public NoteWaiter {
 public:
  void answer(const NoteAnswer& answer) override { answer_ = answer; }
  [[nodiscard]] const std::optional<NoteAnswer>& answered() const { return answer_; }

 private:
  std::optional<NoteAnswer> answer_;
};

class SimRunner final : public Runner {
 public:
  SimRunner(Process& process, int slots) : process_(process), slots_(slots) {}

  void start(std::vector<AttemptPtr> attempts) override;
  std::vector<DoneAttempt> take_done() override;
  std::vector<PendingNote> take_notes() override;
  std::vector<AttemptPtr> withdraw() override;
  [[nodiscard]] RunnerLoad load() const override;

  // Lets everything happen that is due by now; answers how much did.
  int advance();
  // When something is due next, by the world's clock.
  [[nodiscard]] std::optional<Duration> next_at() const;
  [[nodiscard]] std::vector<RunView> running() const;

 private:
  // Attempts that one processor call runs together; mostly one.
  struct Run {
    std::vector<AttemptPtr> attempts;
    Script script;
    std::size_t said = 0;
    int lines = 0;
    Duration next_at{};
    std::shared_ptr<SimWaiter> waiter;  // while a saying waits for its commit
    std::optional<Duration> asked_to_stop_at;
    std::optional<std::string> broken;  // why it can't go on
  };
  enum class Turn : std::uint8_t { nothing, moved, ended };

  bool begin_next();
  Turn move(Run& run);
  [[nodiscard]] bool has_left(Run& run) const;
  void say(Run& run);
  void end(Run& run);

  Process& process_;
  const int slots_;
  std::deque<AttemptPtr> queue_;
  std::vector<Run> runs_;
  std::vector<DoneAttempt> done_;
  std::vector<PendingNote> notes_;
};

}  // namespace esteira::sim
