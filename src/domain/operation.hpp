// An operation: one change of many tasks, done in the background in bounded batches.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "esteira/error.hpp"
#include "esteira/task.hpp"
#include "esteira/time.hpp"

namespace esteira {

using OperationId = std::int64_t;

enum class BulkAction : std::uint8_t { cancel, retry, remove };
// "cancel", "retry", "delete".
[[nodiscard]] std::string_view to_text(BulkAction action);
[[nodiscard]] Expected<BulkAction> parse_bulk_action(std::string_view text);

enum class OperationStatus : std::uint8_t { running, completed, failed };
// "RUNNING", "COMPLETED", "FAILED".
[[nodiscard]] std::string_view to_text(OperationStatus status);
[[nodiscard]] Expected<OperationStatus> parse_operation_status(std::string_view text);

// Which tasks; absent: any.
struct OperationFilter {
  std::optional<TaskStatus> status{};
  std::optional<std::string> type{};
  std::optional<std::string> tag{};
  std::optional<Time> created_after{};   // inclusive
  std::optional<Time> created_before{};  // exclusive
  friend bool operator==(const OperationFilter&, const OperationFilter&) = default;
};

struct Operation {
  OperationId operation_id = 0;
  BulkAction action = BulkAction::cancel;
  OperationFilter filter;
  OperationStatus status = OperationStatus::running;
  std::int64_t matched = 0;  // tasks that fitted at the start; no other is touched
  std::int64_t done = 0;     // of those, looked at so far: applied + skipped
  std::int64_t applied = 0;
  std::int64_t skipped = 0;  // the task's status did not allow it, or no longer fits the filter
  std::optional<std::string> error_message{};
  Time created_at{};
  Time updated_at{};
  std::optional<Time> completed_at{};
};

}  // namespace esteira
