#include "repository/bulk.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/utf8.hpp"
#include "domain/limits.hpp"

namespace esteira {
namespace {

bool counts_as_applied(ChangeStatus status) {
  return status == ChangeStatus::applied || status == ChangeStatus::requested;
}

}  // namespace

TaskFilter tasks_of(const OperationFilter& filter) {
  return {.status = filter.status,
          .type = filter.type,
          .tag = filter.tag,
          .created_after = filter.created_after,
          .created_before = filter.created_before};
}

Expected<Operation> new_operation(BulkAction action, const OperationFilter& filter,
                                  std::size_t matched, Time now) {
  if (matched > limits::operation_tasks_max) {
    return fail(
        ErrorCode::invalid_argument,
        fmt::format("the filter fits more than {} tasks: narrow it", limits::operation_tasks_max));
  }
  Operation operation{.action = action,
                      .filter = filter,
                      .matched = static_cast<std::int64_t>(matched),
                      .created_at = now,
                      .updated_at = now};
  if (matched == 0) {
    operation.status = OperationStatus::completed;
    operation.completed_at = now;
  }
  return operation;
}

void count_batch(Operation& operation, std::span<const ChangeStatus> statuses, Time now) {
  ESTEIRA_ASSERT(operation.status == OperationStatus::running);
  const auto applied = std::ranges::count_if(statuses, counts_as_applied);
  operation.applied += applied;
  operation.skipped += std::ssize(statuses) - applied;
  operation.done += std::ssize(statuses);
  operation.updated_at = now;
  if (operation.done < operation.matched) return;
  operation.status = OperationStatus::completed;
  operation.completed_at = now;
}

void fail_operation(Operation& operation, const Error& error, Time now) {
  operation.status = OperationStatus::failed;
  operation.error_message = clean_text(error.message, limits::error_bytes_max);
  operation.updated_at = now;
  operation.completed_at = now;
}

}  // namespace esteira
