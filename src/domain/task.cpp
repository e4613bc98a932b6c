#include "esteira/task.hpp"

#include <array>

#include <fmt/format.h>

namespace esteira {
namespace {

constexpr std::array<std::string_view, task_statuses> task_status_names{
    "PENDING", "PROCESSING", "COMPLETED", "FAILED", "CANCELLED"};
constexpr std::array<std::string_view, execution_statuses> execution_status_names{
    "COMPLETED",   "FAILED",  "TIMED_OUT", "SNOOZED",
    "INTERRUPTED", "EXPIRED", "CANCELLED", "PROCESSING"};

template <class Enum, std::size_t count>
Expected<Enum> parse_name(std::string_view text, const std::array<std::string_view, count>& names,
                          std::string_view what) {
  for (std::size_t i = 0; i < count; ++i) {
    if (names[i] == text) return static_cast<Enum>(i);
  }
  return fail(ErrorCode::invalid_argument,
              fmt::format("'{}' is not a {}: use one of {}", text.substr(0, 40), what,
                          fmt::join(names, ", ")));
}

}  // namespace

std::string_view to_text(TaskStatus status) {
  return task_status_names[static_cast<std::size_t>(status)];
}
std::string_view to_text(ExecutionStatus status) {
  return execution_status_names[static_cast<std::size_t>(status)];
}
Expected<TaskStatus> parse_task_status(std::string_view text) {
  return parse_name<TaskStatus>(text, task_status_names, "task status");
}
Expected<ExecutionStatus> parse_execution_status(std::string_view text) {
  return parse_name<ExecutionStatus>(text, execution_status_names, "execution status");
}

}  // namespace esteira
