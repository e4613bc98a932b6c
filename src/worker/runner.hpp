// The seam between the worker loop and the threads that run processors.
#pragma once

#include <memory>
#include <vector>

#include "repository/repository.hpp"
#include "worker/attempt.hpp"

namespace esteira {

// Something an attempt says while it runs; some wait for the answer.
class NoteWaiter {
 public:
  virtual ~NoteWaiter() = default;
  virtual void answer(const NoteAnswer& answer) = 0;
};
struct PendingNote {
  Note note;
  std::shared_ptr<NoteWaiter> waiter;  // may be null
};

struct RunnerLoad {
  int slots = 0;    // calls of processors that can run at once
  int busy = 0;     // slots that run one; also those that ignore their stop
  int queued = 0;   // attempts handed over, not begun
  int running = 0;  // attempts begun, no outcome yet
  int done = 0;     // outcomes not yet taken
};

// The loop's calls never block on user code.
class Runner {
 public:
  virtual ~Runner() = default;
  // Runs each as a slot frees up, in order.
  virtual void start(std::vector<AttemptPtr> attempts) = 0;
  virtual std::vector<DoneAttempt> take_done() = 0;
  // After take_done: what was said before those outcomes is among them.
  virtual std::vector<PendingNote> take_notes() = 0;
  // Takes back what has not begun.
  virtual std::vector<AttemptPtr> withdraw() = 0;
  [[nodiscard]] virtual RunnerLoad load() const = 0;
};

}  // namespace esteira
