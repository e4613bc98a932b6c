#include "repository/unique.hpp"

#include <fmt/format.h>

namespace esteira {

std::unexpected<Error> unique_conflict(OnConflict on_conflict, TaskId holder) {
  const bool replaces = on_conflict == OnConflict::replace;
  return std::unexpected(
      Error{.code = ErrorCode::conflict,
            .message = fmt::format("task {} holds the unique key{}", holder,
                                   replaces ? " and does not wait: it can't be replaced" : ""),
            .task_id = holder});
}

std::unexpected<Error> unique_conflict_of_batch() {
  return fail(ErrorCode::conflict, "two tasks of the batch have the same unique key");
}

}  // namespace esteira
