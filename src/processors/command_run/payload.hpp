// What a task of the type COMMAND_RUN asks for.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "esteira/json.hpp"
#include "processors/command_run/options.hpp"

namespace esteira::processors {

inline constexpr std::size_t arguments_max = 100;
inline constexpr std::size_t argument_bytes_max = 4096;

struct CommandRunPayload {
  std::string name;
  const Command* command = nullptr;      // of the options
  std::vector<std::string> arguments{};  // from the payload, for the command line
};

// The JSON Schema of the payload. It holds no patterns: the schema library's regular expressions
// are recursive, and a long string would exhaust the stack.
[[nodiscard]] std::string_view command_run_schema();

// Throws InvalidPayload.
[[nodiscard]] CommandRunPayload read_command_run(const Json& payload,
                                                 const CommandRunOptions& options);

}  // namespace esteira::processors
