// Hints that there may be work: sent for this process, received for its workers. Everything here
// may fail in silence, because polling is the truth.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.hpp"

namespace esteira::postgres {

class Wake {
 public:
  // `notify` sends one hint; it is called from a thread of this object.
  Wake(std::string url, std::function<void()> notify);
  ~Wake();
  Wake(const Wake&) = delete;
  Wake& operator=(const Wake&) = delete;

  // Sends a hint soon; many calls make one.
  void hint();
  // Calls `wake` at each hint that arrives, until this object goes.
  void listen(std::function<void()> wake);

 private:
  void send_hints();

  const std::string url_;
  const std::function<void()> notify_;
  // Readable once the object ends: what the listeners wait on beside their sockets.
  const int stop_event_;
  Mutex mutex_;
  Condition changed_;
  bool stopped_ ESTEIRA_GUARDED_BY(mutex_) = false;
  bool hinted_ ESTEIRA_GUARDED_BY(mutex_) = false;
  std::thread sender_ ESTEIRA_GUARDED_BY(mutex_);
  std::vector<std::thread> listeners_ ESTEIRA_GUARDED_BY(mutex_);
};

}  // namespace esteira::postgres
