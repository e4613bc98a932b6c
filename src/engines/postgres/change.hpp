// What a person's changes and the retention have in common.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engines/postgres/connection.hpp"
#include "engines/postgres/stats_book.hpp"
#include "esteira/task.hpp"

namespace esteira::postgres {

// Where a task stands.
struct Standing {
  TaskId task_id = 0;
  TaskStatus status = TaskStatus::pending;
  TypeId type_id = 0;
  int priority = 0;
  int attempt = 0;
  std::optional<std::string> unique_key;
  [[nodiscard]] bool ended() const {
    return status != TaskStatus::pending && status != TaskStatus::processing;
  }
};

// Those that exist, in no order.
[[nodiscard]] Expected<std::vector<Standing>> standings(Runner& runner,
                                                        std::span<const TaskId> ids);
// Erases all that is kept of tasks that neither wait nor run.
[[nodiscard]] Expected<void> erase(Runner& runner, std::span<const TaskId> ids);
[[nodiscard]] Expected<void> write_stats(Runner& runner, const StatsBook& stats, int shard);

}  // namespace esteira::postgres
