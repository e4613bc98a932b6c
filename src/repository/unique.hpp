// What the engines have in common about unique keys.
#pragma once

#include "esteira/error.hpp"
#include "esteira/task.hpp"

namespace esteira {

// As task_unique.scope holds it.
[[nodiscard]] constexpr int stored_scope(UniqueScope scope) {
  switch (scope) {
    case UniqueScope::active:
      return 0;
    case UniqueScope::waiting:
      return 1;
    case UniqueScope::window:
      return 2;
  }
  return 0;
}

// Of a holder that exists.
[[nodiscard]] std::unexpected<Error> unique_conflict(OnConflict on_conflict, TaskId holder);
// Of a holder that is not made, because its batch is not.
[[nodiscard]] std::unexpected<Error> unique_conflict_of_batch();

}  // namespace esteira
