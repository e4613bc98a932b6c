// A clock that stands still until a test moves it.
#pragma once

#include "base/clock.hpp"
#include "base/mutex.hpp"

namespace esteira::test {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(Time start) : now_(start) {}

  [[nodiscard]] Time now() const override {
    const MutexLock lock{mutex_};
    return now_;
  }
  [[nodiscard]] Duration steady() const override { return now().time_since_epoch(); }

  void advance(Duration duration) {
    const MutexLock lock{mutex_};
    now_ += duration;
  }

 private:
  mutable Mutex mutex_;
  Time now_ ESTEIRA_GUARDED_BY(mutex_);
};

}  // namespace esteira::test
