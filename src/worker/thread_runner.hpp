// The runner of production: a fixed set of threads.
#pragma once

#include <deque>
#include <functional>
#include <thread>
#include <unordered_map>

#include "base/mutex.hpp"
#include "worker/runner.hpp"

namespace esteira {

class ThreadRunner final : public Runner {
 public:
  // `changed` is called (from any runner thread, no lock held) when the loop should look: the first
  // outcome since the last look, `batch` outcomes together, the queue running empty, a note that
  // somebody waits for.
  ThreadRunner(int threads, int batch, std::shared_ptr<const Clock> clock,
               std::function<void()> changed);
  // Joins threads that come back; those stuck in user code are left to the end of the process.
  ~ThreadRunner() override;

  void start(std::vector<AttemptPtr> attempts) override;
  std::vector<DoneAttempt> take_done() override;
  std::vector<PendingNote> take_notes() override;
  std::vector<AttemptPtr> withdraw() override;
  [[nodiscard]] RunnerLoad load() const override;

 private:
  class Context;
  struct State;

  // Shared with the threads, so that one that never comes back still has it.
  std::shared_ptr<State> state_;
  std::vector<std::thread> threads_;
};

}  // namespace esteira
