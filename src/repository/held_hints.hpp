// Hints that are given inside a transaction: whom they wake would find nothing before its commit.
#pragma once

#include <atomic>
#include <thread>

namespace esteira {

// Thread-safe; held by one thread at a time.
class HeldHints {
 public:
  // True: the caller's thread is inside, and the hint is owed.
  [[nodiscard]] bool hold() {
    if (holder_.load() != std::this_thread::get_id()) return false;
    owed_.store(true);
    return true;
  }
  // Whether one is owed, which the caller gives now.
  [[nodiscard]] bool take() { return owed_.exchange(false); }

 private:
  friend class HintsHeld;
  std::atomic<std::thread::id> holder_{};
  std::atomic<bool> owed_{false};
};

// Holds this thread's hints for a scope.
class HintsHeld {
 public:
  explicit HintsHeld(HeldHints& hints) : hints_(hints) {
    hints_.holder_.store(std::this_thread::get_id());
  }
  ~HintsHeld() { hints_.holder_.store(std::thread::id{}); }
  HintsHeld(const HintsHeld&) = delete;
  HintsHeld& operator=(const HintsHeld&) = delete;

 private:
  HeldHints& hints_;
};

}  // namespace esteira
