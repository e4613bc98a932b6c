// Where a task stands, by the view that everybody reads.
#pragma once

#include <optional>
#include <string>

#include "domain/claim.hpp"
#include "engines/sqlite/connection.hpp"
#include "engines/sqlite/waiting.hpp"

namespace esteira::sqlite {

struct Place {
  TaskStatus status = TaskStatus::pending;
  int max_retries = 0;
  std::optional<std::string> unique_key;
  WaitingTask waiting;  // its row if it waits; its numbers in any case
};

// Nothing: there is no such task. Under the write lock, if a change follows from it.
[[nodiscard]] Expected<std::optional<Place>> find_place(Connection& connection, TaskId task_id);

// A waiting task as if it had been claimed just now.
[[nodiscard]] Claim claim_of(const Place& place, Time now);

}  // namespace esteira::sqlite
