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
constexpr std::array<std::string_view, 3> unique_scope_names{"active", "waiting", "window"};
constexpr std::array<std::string_view, 3> on_conflict_names{"refuse", "return", "replace"};
constexpr std::array<std::string_view, 2> dependency_rule_names{"completed", "ended"};
constexpr std::array<std::string_view, 2> parent_failure_names{"cancel", "run"};

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

std::string_view to_text(UniqueScope scope) {
  return unique_scope_names[static_cast<std::size_t>(scope)];
}
std::string_view to_text(OnConflict on_conflict) {
  return on_conflict_names[static_cast<std::size_t>(on_conflict)];
}
std::string_view to_text(DependencyRule rule) {
  return dependency_rule_names[static_cast<std::size_t>(rule)];
}
std::string_view to_text(ParentFailure failure) {
  return parent_failure_names[static_cast<std::size_t>(failure)];
}
Expected<UniqueScope> parse_unique_scope(std::string_view text) {
  return parse_name<UniqueScope>(text, unique_scope_names, "scope of a unique key");
}
Expected<OnConflict> parse_on_conflict(std::string_view text) {
  return parse_name<OnConflict>(text, on_conflict_names, "rule for a held unique key");
}
Expected<DependencyRule> parse_dependency_rule(std::string_view text) {
  return parse_name<DependencyRule>(text, dependency_rule_names, "rule of dependencies");
}
Expected<ParentFailure> parse_parent_failure(std::string_view text) {
  return parse_name<ParentFailure>(text, parent_failure_names, "rule for a failed parent");
}

}  // namespace esteira
