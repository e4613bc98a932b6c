// SIGTERM, SIGINT and SIGHUP, turned into calls on a thread of their own.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "base/mutex.hpp"

namespace esteira::cli {

class SignalWatch {
 public:
  // Blocks the signals in this thread and in all that it starts from here on: create it before any
  // other thread. `on_stop` is told how many SIGTERM and SIGINT have come, from 1. Without
  // `on_reload` SIGHUP is left alone: it ends the program.
  explicit SignalWatch(std::function<void(int)> on_stop, std::function<void()> on_reload = {});
  ~SignalWatch();
  SignalWatch(const SignalWatch&) = delete;
  SignalWatch& operator=(const SignalWatch&) = delete;

  // Returns once the first signal to stop has come.
  void wait();

 private:
  void run();
  void count_stop();

  const std::function<void(int)> on_stop_;
  const std::function<void()> on_reload_;
  int signals_ = -1;
  int stop_ = -1;
  Mutex mutex_;
  Condition came_;
  int count_ ESTEIRA_GUARDED_BY(mutex_) = 0;
  std::chrono::steady_clock::time_point last_stop_{};  // the thread's own
  std::thread thread_;                                 // last: it uses all the others
};

}  // namespace esteira::cli
