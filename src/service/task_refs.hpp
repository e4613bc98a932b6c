// Tasks of one call that depend on each other, by the names that they have in it.
#pragma once

#include <span>

#include "esteira/task.hpp"
#include "repository/repository.hpp"

namespace esteira {

// Says in `rows`, one a task, which of them each depends on. Errors (invalid_argument, their
// pointers beginning with the task's index): a name that none or two have, a circle, too many
// dependencies in all.
[[nodiscard]] Expected<void> resolve_refs(std::span<const NewTask> tasks,
                                          std::span<NewTaskRow> rows);

}  // namespace esteira
