// What a person's changes, edits and the retention have in common.
#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "domain/claim.hpp"
#include "domain/settle.hpp"
#include "engines/postgres/connection.hpp"
#include "engines/postgres/stats_book.hpp"
#include "esteira/task.hpp"
#include "repository/repository.hpp"

namespace esteira::postgres {

// Where a task stands.
struct Standing {
  TaskId task_id = 0;
  TaskStatus status = TaskStatus::pending;
  TypeId type_id = 0;
  int priority = 0;
  int attempt = 0;
  std::optional<std::string> unique_key;
  TaskTerms terms{};
  [[nodiscard]] bool ended() const {
    return status != TaskStatus::pending && status != TaskStatus::processing;
  }
};

// A task that moves from place to place under our eyes is looked for so many times.
inline constexpr int looks_max = 20;

// What a change is held to.
struct ChangeTerms {
  Time now{};
  int shard = 0;
  // What stands in another status is left as it is (wrong_status).
  std::optional<TaskStatus> only{};
  [[nodiscard]] bool takes(TaskStatus status) const { return !only || *only == status; }
};
// In the open transaction: so many tasks share its locks.
inline constexpr std::size_t change_tasks_max = 1000;
[[nodiscard]] Expected<std::vector<ChangeStatus>> change_within(Runner& runner, BulkAction action,
                                                                std::span<const TaskId> ids,
                                                                const ChangeTerms& terms);

// A task that was taken out of the queue.
struct TakenWaiting {
  Claim claim;  // as if it had been claimed: the next attempt, started now
  bool keyed = false;
  bool blocked = false;  // until others have ended
};
// Takes those that wait, locked until the transaction's end.
[[nodiscard]] Expected<std::vector<TakenWaiting>> take_waiting(Runner& runner,
                                                               std::span<const TaskId> ids,
                                                               Time now);

// Writes what `settle` says of waiting tasks that were taken out of the queue to end them.
[[nodiscard]] Expected<void> end_waiting(Runner& runner, std::span<const Settlement> settlements,
                                         int shard, Time now);

// Where a task waits from now on.
struct Waiting {
  TypeId type_id = 0;
  int priority = 0;
  Time run_at{};
};
// Puts a task that was taken back as it is to be.
[[nodiscard]] Expected<Waiting> edit_taken(Runner& runner, const TakenWaiting& taken,
                                           const TaskEditRow& edit, Time now);

// Of tasks whose orders are locked.
[[nodiscard]] Expected<std::map<TaskId, TaskTerms>> read_terms(Runner& runner,
                                                               std::span<const TaskId> ids);
[[nodiscard]] Expected<void> write_terms(Runner& runner, TaskId task_id, const TaskTerms& terms);

// Those that exist, in no order.
[[nodiscard]] Expected<std::vector<Standing>> standings(Runner& runner,
                                                        std::span<const TaskId> ids);
// One row of the view, within the transaction; nothing where there is no such task.
[[nodiscard]] Expected<std::optional<Task>> read_task(Runner& runner, TaskId task_id);
// The same of many; those that do not exist are left out.
[[nodiscard]] Expected<std::vector<Task>> read_tasks(Runner& runner, std::span<const TaskId> ids);
// A row of executions.sql and of log_lines.sql.
[[nodiscard]] Expected<Execution> read_execution(const Rows& rows, int row, TaskId task_id);
[[nodiscard]] LogLine read_log_line(const Rows& rows, int row);
// The ids of those that pass the filter now, newest first, whatever its own limit; `limit` at most.
[[nodiscard]] Expected<std::vector<TaskId>> fitting(Runner& runner, const TaskFilter& filter,
                                                    std::size_t limit);
// Erases all that is kept of tasks that neither wait nor run.
[[nodiscard]] Expected<void> erase(Runner& runner, std::span<const TaskId> ids);
[[nodiscard]] Expected<void> write_stats(Runner& runner, const StatsBook& stats, int shard);

}  // namespace esteira::postgres
