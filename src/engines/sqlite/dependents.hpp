// Tasks that wait for others: held back when they are created or retried, told when those end.
#pragma once

#include <span>
#include <vector>

#include "engines/sqlite/connection.hpp"
#include "engines/sqlite/place.hpp"
#include "repository/repository.hpp"

namespace esteira::sqlite {

// That a task has ended, or waits again, where others wait for it or count it.
[[nodiscard]] Expected<void> note_end(Connection& connection, TaskId task_id, TaskStatus status);
// Tells those who wait of what was noted, limits::dependants_max of them at most, and of what
// follows from it. Answers which tasks ended by it. In a transaction.
struct Told {
  std::vector<TaskId> ended{};
  bool released = false;  // some wait for nobody any more
  bool any = false;
};
[[nodiscard]] Expected<Told> tell_dependents(Connection& connection, Time now);

// Which of these have not ended; nothing of those that do not exist.
[[nodiscard]] Expected<std::vector<TaskId>> open_among(Connection& connection,
                                                       std::span<const TaskId> ids);
// Puts down that a task in task_blocked waits for these.
[[nodiscard]] Expected<void> wait_for(Connection& connection, TaskId task_id,
                                      std::span<const TaskId> parents);
// What becomes of a new task in task_blocked by how those that it depends on stand. `place`: its
// own among the rows of the call.
[[nodiscard]] Expected<void> hold_back(Connection& connection, TaskId task_id,
                                       const TaskTerms& terms, std::size_t place, Time now);
// Lets a task that stands in task_blocked wait for nobody any more.
[[nodiscard]] Expected<void> release(Connection& connection, WaitingTask task, Time now);

// The task joins a batch. Nothing: that is closed.
[[nodiscard]] Expected<std::optional<std::int64_t>> join_batch(Connection& connection,
                                                               std::string_view batch_id,
                                                               TaskId task_id, Time now);
// Once it is closed and none of its tasks is open, the batch has ended.
[[nodiscard]] Expected<void> look_at_batch(Connection& connection, std::int64_t batch_no, Time now);

}  // namespace esteira::sqlite
