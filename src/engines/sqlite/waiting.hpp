// A waiting task's row: in task_blocked while it may not run before others have ended; else in
// task_ready when it is due, or in task_queued where it belongs to a flow, or in task_scheduled.
#pragma once

#include "engines/sqlite/connection.hpp"
#include "esteira/task.hpp"

namespace esteira::sqlite {

// `flags` of a waiting row and of a lease's entry: what the task has that must be looked after.
inline constexpr int flag_unique = 1;        // a unique key that its end releases
inline constexpr int flag_unique_start = 2;  // one that its start releases
inline constexpr int flag_flow = 4;          // it belongs to a flow
inline constexpr int flag_slot = 8;          // it may have a slot of a gated type
inline constexpr int flag_blocked = 16;      // of a waiting row: it stands in task_blocked

struct WaitingTask {
  TypeId type_id = 0;
  int priority = 0;
  Time run_at{};
  TaskId task_id = 0;
  int retries = 0;
  int crashes = 0;
  int attempt = 0;  // claims so far
  int flags = 0;
};

[[nodiscard]] Expected<void> put_waiting(Connection& connection, const WaitingTask& task, Time now);
// By its key; a row that is not there is no error.
[[nodiscard]] Expected<void> delete_waiting(Connection& connection, const WaitingTask& task);

}  // namespace esteira::sqlite
