// SIGTERM and SIGINT, turned into calls on a thread of their own.
#pragma once

#include <functional>
#include <thread>

#include "base/mutex.hpp"

namespace esteira::cli {

class SignalWatch {
 public:
  // Blocks both signals in this thread and in all that it starts from here on: create it before
  // any other thread. `on_signal` is told how many have come, from 1.
  explicit SignalWatch(std::function<void(int)> on_signal);
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  // Returns once the first signal has come.
  void wait();

 private:
  void run();

  const std::function<void(int)> on_signal_;
  int signals_ = -1;
  int stop_ = -1;
  Mutex mutex_;
  Condition came_;
  int count_ ESTEIRA_GUARDED_BY(mutex_) = 0;
  std::thread thread_;  // last: it uses all the others
};

}  // namespace esteira::cli
