#include <fmt/format.h>

#include "base/assert.hpp"
#include "domain/limits.hpp"
#include "esteira/service.hpp"
#include "processor/processor_type.hpp"
#include "repository/database_clock.hpp"
#include "repository/repository.hpp"
#include "service/back_pressure.hpp"
#include "service/new_task.hpp"
#include "service/type_cache.hpp"

namespace esteira {
namespace {

std::shared_ptr<const Clock> following_clock(TaskRepository& repository) {
  auto clock = std::make_shared<DatabaseClock>();
  // Where the database is away just now, this machine's clock stands in.
  static_cast<void>(clock->sync(repository));
  return clock;
}

Expected<void> to_error(ChangeStatus status, TaskId task_id, std::string_view wrong) {
  switch (status) {
    case ChangeStatus::applied:
    case ChangeStatus::requested:
      return {};
    case ChangeStatus::wrong_status:
      return fail(ErrorCode::conflict, fmt::format("task {} {}", task_id, wrong));
    case ChangeStatus::unique_conflict:
      return fail(ErrorCode::conflict,
                  fmt::format("another task holds the unique key of task {}", task_id));
    case ChangeStatus::not_found:
      return fail(ErrorCode::not_found, fmt::format("there is no task {}", task_id));
  }
  return {};
}

}  // namespace

struct TaskService::Impl {
  Impl(std::shared_ptr<TaskRepository> the_repository, const ProcessorRegistry* the_registry,
       std::shared_ptr<const Clock> the_clock)
      : repository(std::move(the_repository)),
        registry(the_registry),
        clock(the_clock ? std::move(the_clock) : following_clock(*repository)),
        types(*repository, *clock),
        pressure(*repository, *clock) {}

  std::shared_ptr<TaskRepository> repository;
  const ProcessorRegistry* registry;
  std::shared_ptr<const Clock> clock;
  TypeCache types;
  BackPressure pressure;

  Expected<TaskId> create_within(CallerConnection connection, NewTask task) {
    const auto now = clock->now();
    const auto row = ESTEIRA_TRY(check_new_task(task, types, registry, now));
    ESTEIRA_TRY(pressure.admit(std::span(&row, 1), types));
    const auto inserted = repository->insert_within(connection, std::span(&row, 1), now);
    if (!inserted) return std::unexpected(about_only_task(inserted.error()));
    return inserted->front().task_id;
  }
};

TaskService::TaskService(std::shared_ptr<TaskRepository> repository,
                         const ProcessorRegistry* registry, std::shared_ptr<const Clock> clock)
    : impl_(std::make_unique<Impl>(std::move(repository), registry, std::move(clock))) {}
TaskService::~TaskService() = default;
TaskService::TaskService(TaskService&&) noexcept = default;
TaskService& TaskService::operator=(TaskService&&) noexcept = default;

Expected<TaskId> TaskService::create_task(std::string_view type, Json payload,
                                          TaskOptions options) {
  const auto created =
      ESTEIRA_TRY(create({std::string(type), std::move(payload), std::move(options)}));
  return created.task_id;
}

Expected<CreatedTask> TaskService::create(const NewTask& task) {
  const auto now = impl_->clock->now();
  const auto row = ESTEIRA_TRY(check_new_task(task, impl_->types, impl_->registry, now));
  ESTEIRA_TRY(impl_->pressure.admit(std::span(&row, 1), impl_->types));
  const auto inserted = impl_->repository->insert(std::span(&row, 1), now);
  if (!inserted) return std::unexpected(about_only_task(inserted.error()));
  impl_->repository->hint();
  return CreatedTask{inserted->front().task_id, inserted->front().created};
}

Expected<std::vector<CreatedTask>> TaskService::create_tasks(std::span<const NewTask> tasks) {
  if (tasks.size() > limits::batch_tasks_max) {
    return fail(ErrorCode::invalid_argument, fmt::format("a batch holds at most {} tasks, not {}",
                                                         limits::batch_tasks_max, tasks.size()));
  }
  const auto now = impl_->clock->now();
  const auto rows = ESTEIRA_TRY(check_new_tasks(tasks, impl_->types, impl_->registry, now));
  if (rows.empty()) return std::vector<CreatedTask>{};
  ESTEIRA_TRY(impl_->pressure.admit(rows, impl_->types));
  const auto inserted = ESTEIRA_TRY(impl_->repository->insert(rows, now));
  impl_->repository->hint();
  std::vector<CreatedTask> created;
  created.reserve(inserted.size());
  for (const auto& one : inserted) created.push_back({one.task_id, one.created});
  return created;
}

Expected<TaskId> TaskService::create_task_within(pg_conn* connection, std::string_view type,
                                                 Json payload, TaskOptions options) {
  return impl_->create_within(connection,
                              {std::string(type), std::move(payload), std::move(options)});
}

Expected<TaskId> TaskService::create_task_within(sqlite3* connection, std::string_view type,
                                                 Json payload, TaskOptions options) {
  return impl_->create_within(connection,
                              {std::string(type), std::move(payload), std::move(options)});
}

Expected<Task> TaskService::task(TaskId task_id) {
  auto found = ESTEIRA_TRY(impl_->repository->task(task_id, impl_->clock->now()));
  if (found) return std::move(*found);
  return fail(ErrorCode::not_found, fmt::format("there is no task {}", task_id));
}

Expected<std::vector<Execution>> TaskService::executions(TaskId task_id) {
  ESTEIRA_TRY(task(task_id));
  return impl_->repository->executions(task_id);
}

Expected<bool> TaskService::cancel_task(TaskId task_id) {
  const auto statuses =
      ESTEIRA_TRY(impl_->repository->cancel(std::span(&task_id, 1), impl_->clock->now()));
  ESTEIRA_TRY(to_error(statuses.front(), task_id, "has ended already"));
  return statuses.front() == ChangeStatus::applied;
}

Expected<void> TaskService::retry_task(TaskId task_id) {
  const auto statuses =
      ESTEIRA_TRY(impl_->repository->retry(std::span(&task_id, 1), impl_->clock->now()));
  ESTEIRA_TRY(to_error(statuses.front(), task_id, "has not ended: only an ended task is retried"));
  impl_->repository->hint();
  return {};
}

Expected<EditedTask> TaskService::edit_task(TaskId task_id, const TaskEdit& edit) {
  constexpr std::string_view wrong = "does not wait: only a waiting task is edited";
  const auto now = impl_->clock->now();
  auto row = ESTEIRA_TRY(check_edit(edit, now));
  const auto found = ESTEIRA_TRY(task(task_id));
  // One that does not wait is told so before its new payload is looked at.
  if (found.status != TaskStatus::pending) {
    ESTEIRA_TRY(to_error(ChangeStatus::wrong_status, task_id, wrong));
  }
  if (edit.payload) {
    auto edited =
        ESTEIRA_TRY(check_edited_payload(*edit.payload, found.type, impl_->types, impl_->registry));
    row.payload = std::move(edited.text);
    row.flow_key = std::move(edited.flow_key);
    row.encrypted = found.encrypted || edited.encrypted;
  }
  auto answer = ESTEIRA_TRY(impl_->repository->edit(task_id, row, now));
  ESTEIRA_TRY(to_error(answer.status, task_id, wrong));
  ESTEIRA_ASSERT(answer.before && answer.after);
  impl_->repository->hint();
  return EditedTask{.before = *std::move(answer.before), .after = *std::move(answer.after)};
}

Expected<void> TaskService::ensure_type(const BaseProcessor& processor) {
  ESTEIRA_TRY(check_type_name(processor.task_type()));
  auto found = impl_->types.find(processor.task_type());
  if (found || found.error().code != ErrorCode::not_found) {
    return found ? Expected<void>{} : std::unexpected(std::move(found).error());
  }
  ESTEIRA_TRY(impl_->repository->put_type(type_of(processor), impl_->clock->now()));
  impl_->types.forget();
  return {};
}

}  // namespace esteira
