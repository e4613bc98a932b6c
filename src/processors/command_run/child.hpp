// Starts a program in a process of its own.
#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <sys/types.h>
#include <vector>

#include "processors/command_run/options.hpp"
#include "processors/command_run/unique_fd.hpp"

namespace esteira::processors {

struct ChildRequest {
  const Command& command;
  std::vector<std::string> arguments{};    // after the program's name
  std::vector<std::string> environment{};  // "NAME=value", all of it
  std::string_view input{};                // its standard input
};

// A process that leads its own group and has not been reaped, so that its id stays its own.
struct Child {
  pid_t pid = -1;
  UniqueFd exit{};  // readable once it has ended
  UniqueFd wake{};  // an eventfd for whoever wants it to end
  UniqueFd out{};   // its standard output and error; reads don't block
  UniqueFd err{};
};

struct StartError {
  std::string message;
  bool permanent = false;  // the same start never succeeds
};

// The child gets SIGKILL when the calling thread ends, so the caller waits for it.
[[nodiscard]] std::expected<Child, StartError> start_child(const ChildRequest& request);

}  // namespace esteira::processors
