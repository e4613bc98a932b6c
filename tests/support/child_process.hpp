// Programs that a test starts: as another user where need be, with their output in a file.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace esteira::test {

struct Spawn {
  std::vector<std::string> command;  // the first is looked up in PATH
  std::string user{};                // run as this user (needs root); "": as this process
  std::filesystem::path log{};       // where its output goes; empty: nowhere
  int input = -1;                    // its standard input; -1: /dev/null
};

// Each child is the head of a session of its own, so that a Ctrl-C reaches the test alone. Throws
// where the child can't be made; a program that can't be run exits with status 127.
[[nodiscard]] pid_t spawn(const Spawn& request);
// Waits for its end; answers the exit status, or 128 + the signal's number.
int wait_for_exit(pid_t pid);
// Its end, without waiting.
[[nodiscard]] std::optional<int> exit_status(pid_t pid);
// Runs to its end; throws with the tail of its log unless it exits with 0.
void run(const Spawn& request);

[[nodiscard]] std::string read_text(const std::filesystem::path& path);
// "" where PATH has no such program.
[[nodiscard]] std::string find_in_path(const std::string& program);

}  // namespace esteira::test
