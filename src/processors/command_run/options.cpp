#include "processors/command_run/options.hpp"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

namespace esteira::processors {
namespace {

constexpr Duration grace_max = std::chrono::minutes{5};

bool is_name(std::string_view text, std::string_view others) {
  return !text.empty() && std::ranges::all_of(text, [&](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           others.find(c) != std::string_view::npos;
  });
}

bool has_nul(std::string_view text) { return text.find('\0') != std::string_view::npos; }

// Empty where the command is right.
std::string find_fault(const Command& command) {
  if (!command.program.starts_with('/') || has_nul(command.program)) {
    return "program: an absolute path";
  }
  if (!command.working_directory.starts_with('/') || has_nul(command.working_directory)) {
    return "working_directory: an absolute path";
  }
  if (std::ranges::any_of(command.arguments, has_nul)) return "arguments: text without NUL";
  for (const auto& [name, value] : command.environment) {
    if (!is_name(name, "_") || (name.front() >= '0' && name.front() <= '9')) {
      return "environment: names of letters, digits and _";
    }
    if (name.starts_with("ESTEIRA_")) return "environment: ESTEIRA_… names are Esteira's own";
    if (has_nul(value)) return "environment: text without NUL";
  }
  if (command.limits.timeout < Duration::zero() || command.limits.timeout > limits::timeout_max) {
    return "timeout: 0 to 7 days";
  }
  if (command.limits.stdout_bytes_max < 1 ||
      command.limits.stdout_bytes_max > limits::result_bytes_max) {
    return fmt::format("stdout_bytes_max: 1 to {}", limits::result_bytes_max);
  }
  if (command.grace < Duration::zero() || command.grace > grace_max) {
    return "grace: 0 to 5 minutes";
  }
  return "";
}

}  // namespace

Expected<void> check_options(const CommandRunOptions& options) {
  for (const auto& [name, command] : options.commands) {
    if (!is_name(name, "_.-") || name.size() > command_name_bytes_max) {
      return fail(ErrorCode::invalid_argument,
                  fmt::format("the name of a command is 1 to {} of A-Z, a-z, 0-9, \"_\", \".\", "
                              "\"-\"",
                              command_name_bytes_max));
    }
    const auto fault = find_fault(command);
    if (!fault.empty()) {
      return fail(ErrorCode::invalid_argument, fmt::format("command {}: {}", name, fault));
    }
  }
  return {};
}

}  // namespace esteira::processors
