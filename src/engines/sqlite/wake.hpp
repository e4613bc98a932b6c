// Tells a waiting worker of this or another process that there may be work.
#pragma once

#include <functional>
#include <string>
#include <thread>

namespace esteira::sqlite {

// Calls `wake` from a thread of its own until it is destroyed. For a file it watches two things:
// the database file's times, which `touch` renews after a commit, and the write-ahead log, which
// grows just before a commit becomes visible; so also a commit that nobody announces (one made in
// a caller's own transaction) is noticed. In memory only `ring` counts.
class WakeListener {
 public:
  WakeListener(const std::string& path, std::function<void()> wake);
  ~WakeListener();
  WakeListener(const WakeListener&) = delete;
  WakeListener& operator=(const WakeListener&) = delete;

  // Within the process, without the file system.
  void ring() const;

 private:
  int event_;  // an eventfd: rings, and the stop
  std::jthread thread_;
};

// Announces a commit to every listener of the file `path`.
void touch(const std::string& path);

}  // namespace esteira::sqlite
