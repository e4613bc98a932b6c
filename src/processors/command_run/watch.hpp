// Stays with a child until it has ended, and ends it where it must.
#pragma once

#include <stop_token>
#include <string>

#include "processors/command_run/child.hpp"

namespace esteira::processors {

inline constexpr std::size_t stderr_bytes_kept = 4096;

struct WatchRules {
  Duration timeout{};  // zero: none
  Duration grace{};    // between SIGTERM and SIGKILL
  std::size_t stdout_bytes_max = 0;
};

struct ChildEnd {
  enum class Reason : std::uint8_t {
    by_itself,
    stopped,         // by the stop token
    timed_out,       // by `timeout`
    too_much_output  // more than `stdout_bytes_max`
  };
  Reason reason = Reason::by_itself;
  int status = 0;             // as waitpid tells it
  bool status_known = false;  // false where the program around us takes our children's ends
  std::string out{};
  std::string err{};  // its last `stderr_bytes_kept` bytes
  bool err_cut = false;
};

// Returns when the child has been reaped and its whole group is killed. Bytes that somebody outside
// the group may still write are not waited for.
[[nodiscard]] ChildEnd watch_child(Child child, const WatchRules& rules,
                                   const std::stop_token& stop);

}  // namespace esteira::processors
