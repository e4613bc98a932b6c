// What the engines have in common about operations: decisions, without a word of SQL.
#pragma once

#include <span>

#include "repository/repository.hpp"

namespace esteira {

// The same filter, for the engine's own search.
[[nodiscard]] TaskFilter tasks_of(const OperationFilter& filter);
// One that fits no task has ended. invalid_argument: it fits too many.
[[nodiscard]] Expected<Operation> new_operation(BulkAction action, const OperationFilter& filter,
                                                std::size_t matched, Time now);
// Counts a batch that was done, and ends the operation with its last one. A task that was asked to
// stop counts as applied; whatever its status did not allow, as skipped.
void count_batch(Operation& operation, std::span<const ChangeStatus> statuses, Time now);
// Ends it for good.
void fail_operation(Operation& operation, const Error& error, Time now);

}  // namespace esteira
