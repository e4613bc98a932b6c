// What a command's end means for the task.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "esteira/processor.hpp"
#include "processors/command_run/watch.hpp"

namespace esteira::processors {

// The lines of what a command wrote to its standard error, without control characters.
[[nodiscard]] std::vector<std::string> readable_lines(const ChildEnd& end);

struct CommandRules {
  std::string_view name;
  Duration timeout{};
  std::size_t stdout_bytes_max = 0;
};

// Throws TaskError for a command that was stopped.
[[nodiscard]] TaskResult judge_end(const ChildEnd& end, const CommandRules& rules,
                                   std::string_view last_line);

}  // namespace esteira::processors
