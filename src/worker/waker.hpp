// How other threads tell the worker loop that there is something to look at.
#pragma once

#include "base/mutex.hpp"
#include "esteira/time.hpp"

namespace esteira {

// Thread-safe. A wake between two waits is not lost.
class Waker {
 public:
  void wake() ESTEIRA_EXCLUDES(mutex_) {
    {
      MutexLock lock(mutex_);
      if (woken_) return;
      woken_ = true;
    }
    condition_.notify_one();
  }
  // True when woken, false at the time limit.
  bool wait(Duration limit) ESTEIRA_EXCLUDES(mutex_) {
    const auto until = std::chrono::steady_clock::now() + limit;
    MutexLock lock(mutex_);
    while (!woken_) {
      const auto left = until - std::chrono::steady_clock::now();
      if (left <= std::chrono::nanoseconds{0}) break;
      condition_.wait_for(mutex_, left);
    }
    return std::exchange(woken_, false);
  }

 private:
  Mutex mutex_;
  Condition condition_;
  bool woken_ ESTEIRA_GUARDED_BY(mutex_) = false;
};

}  // namespace esteira
