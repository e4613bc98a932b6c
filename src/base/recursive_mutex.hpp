// A mutex that the thread which holds it may take again: for objects whose calls may be made from
// inside a larger call of their own. Annotated like Mutex.
#pragma once

#include <mutex>

#include "base/mutex.hpp"

namespace esteira {

class ESTEIRA_CAPABILITY RecursiveMutex {
 public:
  void lock() ESTEIRA_ACQUIRE() { mutex_.lock(); }
  void unlock() ESTEIRA_RELEASE() { mutex_.unlock(); }

 private:
  std::recursive_mutex mutex_;
};

class ESTEIRA_SCOPED_CAPABILITY RecursiveLock {
 public:
  explicit RecursiveLock(RecursiveMutex& mutex) ESTEIRA_ACQUIRE(mutex) : mutex_(mutex) {
    mutex_.lock();
  }
  ~RecursiveLock() ESTEIRA_RELEASE() { mutex_.unlock(); }
  RecursiveLock(const RecursiveLock&) = delete;
  RecursiveLock& operator=(const RecursiveLock&) = delete;

 private:
  RecursiveMutex& mutex_;
};

}  // namespace esteira
