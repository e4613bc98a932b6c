// What the verbs ask of the place where the tasks are: a database (local_backend.hpp), or a server
// before one (remote_backend.hpp). A backend does and answers; the verbs read the command line and
// print, the same for both.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "api/batch_json.hpp"
#include "domain/policy.hpp"
#include "domain/stats.hpp"
#include "esteira/task.hpp"
#include "repository/repository.hpp"
#include "service/type_service.hpp"

namespace esteira::cli {

struct MadeTask {
  Task task;
  bool created = true;  // false: the idempotency key or the unique key answered an earlier task
};

// A task of an import that has passed the checks. What it holds is for the backend that checked it.
struct CheckedTask {
  NewTaskRow row;
  std::string body;  // for a server: the task as JSON text, and then the row has no payload

  [[nodiscard]] std::size_t bytes() const { return row.payload.size() + body.size(); }
};

struct MadeSchedule {
  Json schedule;
  bool created = true;
};

enum class BatchAction : std::uint8_t { cancel, retry };
struct ChangedBatch {
  Json batch;
  std::int64_t applied = 0;
  std::int64_t requested = 0;
  bool more = false;  // the same call again goes on
};

enum class TaskChange : std::uint8_t { cancel, retry, remove };

// "applied", "wrong_status", …, as --json and the audit trail write it.
[[nodiscard]] std::string_view word(ChangeStatus status);

struct Changes {
  std::vector<ChangeStatus> statuses;  // of the first ids, in order
  // What ended it before the last id, or, where all have a status, went wrong afterwards.
  std::optional<Error> error{};
};

// For one thread. Errors are the services' (docs of include/esteira/service.hpp); a server adds
// unauthorized and forbidden.
class Backend {
 public:
  virtual ~Backend() = default;
  // Where the tasks are, for people, without secrets.
  [[nodiscard]] virtual std::string address() const = 0;

  [[nodiscard]] virtual Expected<MadeTask> create(const NewTask& task) = 0;
  // not_found.
  [[nodiscard]] virtual Expected<Task> task(TaskId task_id) = 0;
  [[nodiscard]] virtual Expected<std::vector<Execution>> executions(TaskId task_id) = 0;
  [[nodiscard]] virtual Expected<std::vector<LogLine>> log_lines(TaskId task_id) = 0;
  // Newest first.
  [[nodiscard]] virtual Expected<std::vector<Task>> tasks(const TaskFilter& filter) = 0;
  // Of different ids, each tried; the audit trail is written.
  [[nodiscard]] virtual Changes change(TaskChange change, std::span<const TaskId> ids) = 0;

  // Import: whether a task may exist, as far as that is known here; then many at once, all or
  // nothing, limits::batch_tasks_max at most. Where one of them is refused, the error's pointers
  // begin with its index ("/17/payload"); after in_doubt it may be repeated only where each task
  // has an idempotency key. Answers how many there are.
  [[nodiscard]] virtual Expected<CheckedTask> check(const NewTask& task) = 0;
  [[nodiscard]] virtual Expected<std::size_t> insert(std::span<const CheckedTask> tasks) = 0;

  // By name.
  [[nodiscard]] virtual Expected<std::vector<TaskType>> types() = 0;
  // Both write the audit trail.
  [[nodiscard]] virtual Expected<ChangedType> set_type(const std::string& name,
                                                       const TypeChange& change) = 0;
  [[nodiscard]] virtual Expected<TaskType> pause_type(const std::string& name, bool paused) = 0;

  // As the HTTP API shows them: by name; one of them; its next instants. not_found.
  [[nodiscard]] virtual Expected<JsonArray> schedules() = 0;
  [[nodiscard]] virtual Expected<Json> schedule(const std::string& name) = 0;
  [[nodiscard]] virtual Expected<JsonArray> preview_schedule(const std::string& name,
                                                             int count) = 0;
  // These write the audit trail.
  [[nodiscard]] virtual Expected<MadeSchedule> set_schedule(const std::string& name,
                                                            const ScheduleChange& change) = 0;
  [[nodiscard]] virtual Expected<void> remove_schedule(const std::string& name) = 0;
  [[nodiscard]] virtual Expected<Json> pause_schedule(const std::string& name, bool paused) = 0;
  [[nodiscard]] virtual Expected<Task> run_schedule(const std::string& name) = 0;

  // As the HTTP API shows it. not_found. Those that change one write the audit trail.
  [[nodiscard]] virtual Expected<Json> batch(const std::string& batch_id) = 0;
  [[nodiscard]] virtual Expected<Json> create_batch(const api::NewBatch& batch) = 0;
  [[nodiscard]] virtual Expected<Json> close_batch(const std::string& batch_id) = 0;
  [[nodiscard]] virtual Expected<ChangedBatch> change_batch(const std::string& batch_id,
                                                            BatchAction action) = 0;

  // With rounded numbers (api::rounded).
  [[nodiscard]] virtual Expected<Stats> stats() = 0;
  [[nodiscard]] virtual Expected<std::vector<WorkerRecord>> workers() = 0;
};

}  // namespace esteira::cli
