// What a program may ask about tasks.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <variant>
#include <vector>

#include "esteira/processor.hpp"
#include "esteira/repository.hpp"
#include "esteira/task.hpp"

struct pg_conn;  // PGconn
struct sqlite3;

namespace esteira {

class Clock;

struct CreatedTask {
  TaskId task_id = 0;
  bool created = true;  // false: the idempotency key or the unique key answered an earlier task
};

struct EditedTask {
  Task before;
  Task after;
};

// Creates tasks and answers questions about them. Thread-safe.
class TaskService {
 public:
  // `registry` (may be null; must outlive the service): its processors' `validate_payload` is asked
  // at creation. `clock` (may be null: this machine's, corrected by the database's).
  explicit TaskService(std::shared_ptr<TaskRepository> repository,
                       const ProcessorRegistry* registry = nullptr,
                       std::shared_ptr<const Clock> clock = nullptr);
  ~TaskService();
  TaskService(TaskService&&) noexcept;
  TaskService& operator=(TaskService&&) noexcept;

  // The task is durable when this returns. Errors: not_found (unknown type), invalid_argument with
  // `fields` (payload refused, limit exceeded), conflict (unique key; `task_id` holds it),
  // rate_limited (so many of the type wait as may), unavailable, in_doubt.
  Expected<TaskId> create_task(std::string_view type, Json payload, TaskOptions options = {});
  Expected<CreatedTask> create(const NewTask& task);
  // All or nothing; at most limits::batch_tasks_max (10,000). An error's pointers begin with the
  // task's index: "/17/payload".
  Expected<std::vector<CreatedTask>> create_tasks(std::span<const NewTask> tasks);

  // Inside the caller's own open transaction on its own connection to the same database: the task
  // exists if, and only if, that transaction commits. The connection is used by this call only.
  Expected<TaskId> create_task_within(pg_conn* connection, std::string_view type, Json payload,
                                      TaskOptions options = {});
  Expected<TaskId> create_task_within(sqlite3* connection, std::string_view type, Json payload,
                                      TaskOptions options = {});

  Expected<Task> task(TaskId task_id);
  Expected<std::vector<Execution>> executions(TaskId task_id);

  // A waiting task ends CANCELLED at once (true); a running one is asked to stop (false). conflict:
  // it has ended; not_found.
  Expected<bool> cancel_task(TaskId task_id);
  // Runs an ended task again, with a fresh budget and its history kept. conflict: it has not ended.
  Expected<void> retry_task(TaskId task_id);

  // Changes a task that waits; a claim sees all of the edit or the edit is refused. `updated_at`
  // becomes its time; attempts and unique key stay. Errors: not_found, conflict (it runs or has
  // ended), invalid_argument with `fields` as for a new task (also where nothing is to change).
  Expected<EditedTask> edit_task(TaskId task_id, const TaskEdit& edit);

  // Makes sure that a type exists, as described by a processor, without changing one that does.
  Expected<void> ensure_type(const BaseProcessor& processor);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace esteira
