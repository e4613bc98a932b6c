// A mutex that Clang's thread-safety analysis understands (std::mutex of libstdc++ is not
// annotated). At most one is held at a time; none is held across SQL or a caller's code.
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define ESTEIRA_TS(x) __attribute__((x))
#else
#define ESTEIRA_TS(x)
#endif
#define ESTEIRA_CAPABILITY ESTEIRA_TS(capability("mutex"))
#define ESTEIRA_SCOPED_CAPABILITY ESTEIRA_TS(scoped_lockable)
#define ESTEIRA_GUARDED_BY(x) ESTEIRA_TS(guarded_by(x))
#define ESTEIRA_REQUIRES(...) ESTEIRA_TS(requires_capability(__VA_ARGS__))
#define ESTEIRA_ACQUIRE(...) ESTEIRA_TS(acquire_capability(__VA_ARGS__))
#define ESTEIRA_RELEASE(...) ESTEIRA_TS(release_capability(__VA_ARGS__))
#define ESTEIRA_EXCLUDES(...) ESTEIRA_TS(locks_excluded(__VA_ARGS__))
#define ESTEIRA_NO_TS ESTEIRA_TS(no_thread_safety_analysis)

namespace esteira {

class ESTEIRA_CAPABILITY Mutex {
 public:
  void lock() ESTEIRA_ACQUIRE() { mutex_.lock(); }
  void unlock() ESTEIRA_RELEASE() { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class ESTEIRA_SCOPED_CAPABILITY MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ESTEIRA_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  ~MutexLock() ESTEIRA_RELEASE() { mutex_.unlock(); }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

 private:
  Mutex& mutex_;
};

// Waits on our Mutex; the caller holds it.
class Condition {
 public:
  void notify_one() { condition_.notify_one(); }
  void notify_all() { condition_.notify_all(); }
  void wait(Mutex& mutex) ESTEIRA_REQUIRES(mutex) ESTEIRA_NO_TS { condition_.wait(mutex); }
  // False at the time limit.
  template <class Rep, class Period>
  bool wait_for(Mutex& mutex, std::chrono::duration<Rep, Period> limit)
      ESTEIRA_REQUIRES(mutex) ESTEIRA_NO_TS {
    return condition_.wait_for(mutex, limit) == std::cv_status::no_timeout;
  }

 private:
  std::condition_variable_any condition_;
};

}  // namespace esteira
