// Sees to it that a server ends with its test, also when the test is killed.
#pragma once

#include <filesystem>
#include <string>
#include <sys/types.h>

namespace esteira::test {

// A small process beside the test that waits for the test's end, or for this object's; then it
// stops the server and removes its directory.
class Watcher {
 public:
  // `pid_file` (within `directory`) holds the server's process id in its first line; `signal` is
  // what stops it.
  Watcher(const std::filesystem::path& directory, const std::string& pid_file,
          const std::string& signal);
  ~Watcher();
  Watcher(const Watcher&) = delete;
  Watcher& operator=(const Watcher&) = delete;

 private:
  int pipe_ = -1;
  pid_t pid_ = -1;
};

}  // namespace esteira::test
