// The settings of COMMAND_RUN: [processors.command_run.commands.NAME].
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "domain/limits.hpp"
#include "esteira/error.hpp"
#include "esteira/time.hpp"

namespace esteira::processors {

// Zero means no limit, but for `stdout_bytes_max`.
struct CommandLimits {
  Duration timeout{};  // of one run; the task's own time limit holds as well
  std::size_t stdout_bytes_max = limits::result_bytes_max;
  std::uint64_t cpu_seconds = 0;
  std::uint64_t memory_bytes = 0;  // of address space
  std::uint64_t file_bytes = 0;    // the largest file that it may write
  std::uint64_t open_files = 1024;
};

struct Command {
  std::string program;  // an absolute path; no shell and no PATH are asked
  std::vector<std::string> arguments{};
  bool allow_arguments = false;  // whether the payload's come after them
  std::string working_directory = "/";
  std::map<std::string, std::string> environment{};  // beside PATH; it gets no other
  CommandLimits limits{};
  // Between SIGTERM and SIGKILL. Shorter than a worker's own patience with a stopped task (5 s).
  Duration grace = std::chrono::seconds{3};
};

struct CommandRunOptions {
  std::map<std::string, Command> commands{};  // by the name that a payload uses
};

inline constexpr std::size_t command_name_bytes_max = 100;

// invalid_argument names the first setting that is wrong. Looks at no file.
[[nodiscard]] Expected<void> check_options(const CommandRunOptions& options);

}  // namespace esteira::processors
