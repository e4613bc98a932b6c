// Asks whether the database answers, on a thread of its own; questions that arrive while one is
// under way share its answer.
#pragma once

#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.hpp"
#include "esteira/error.hpp"

namespace esteira::http {

class ReadyProbe {
 public:
  using Ready = std::function<Expected<void>()>;
  using Answer = std::function<void(const Expected<void>&)>;

  explicit ReadyProbe(Ready ready);
  ~ReadyProbe();  // waits for the question under way
  ReadyProbe(const ReadyProbe&) = delete;
  ReadyProbe& operator=(const ReadyProbe&) = delete;

  // `answer` is called once, from the probe's thread; never after the destructor.
  void ask(Answer answer);

 private:
  void run();
  Expected<void> ask_database() const;

  const Ready ready_;
  Mutex mutex_;
  Condition changed_;
  std::vector<Answer> waiting_ ESTEIRA_GUARDED_BY(mutex_);
  bool stopping_ ESTEIRA_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // last: it uses all the others
};

}  // namespace esteira::http
