// A batch: tasks that belong together, counted, and a task that runs when all of them have ended.
#pragma once

#include <optional>
#include <string>

#include "esteira/task.hpp"

namespace esteira {

struct TaskBatch {
  std::int64_t batch_no = 0;  // the store's own
  std::string batch_id;
  Time created_at{};
  std::optional<Time> closed_at;    // no task joins it from then on
  std::optional<Time> finished_at;  // it is closed, and all of its tasks have ended
  std::optional<TaskId> finish_task_id;
  // How many of its tasks stand how: those that ended just now may still count as pending.
  std::int64_t pending = 0;  // they wait or run
  std::int64_t completed = 0;
  std::int64_t failed = 0;
  std::int64_t cancelled = 0;
};

// What a call did to the tasks of a batch.
struct BatchChange {
  TaskBatch batch;
  std::int64_t applied = 0;
  std::int64_t requested = 0;  // they run, and are asked to stop
  bool more = false;           // the same call again goes on
};

}  // namespace esteira
