#include "cli/local_backend.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "api/key_json.hpp"
#include "api/schedule_json.hpp"
#include "api/task_json.hpp"
#include "base/assert.hpp"
#include "cli/trail.hpp"
#include "esteira/service.hpp"
#include "service/back_pressure.hpp"
#include "service/batch_service.hpp"
#include "service/new_task.hpp"
#include "service/schedule_service.hpp"
#include "service/type_cache.hpp"

namespace esteira::cli {
namespace {

constexpr std::size_t ids_at_once = 500;

using Statuses = Expected<std::vector<ChangeStatus>>;

std::string_view action_of(TaskChange change) {
  switch (change) {
    case TaskChange::cancel:
      return "task.cancel";
    case TaskChange::retry:
      return "task.retry";
    case TaskChange::remove:
      return "task.delete";
  }
  return "";
}

class LocalBackend final : public Backend {
 public:
  explicit LocalBackend(Store store)
      : store_(std::move(store)),
        tasks_(store_.repository, store_.registry.get(), store_.clock),
        type_service_(store_.repository, store_.clock),
        schedule_service_(store_.repository, store_.registry.get(), store_.clock),
        batch_service_(store_.repository, store_.registry.get(), store_.clock),
        known_types_(*store_.repository, *store_.clock),
        pressure_(*store_.repository, *store_.clock) {}

  std::string address() const override { return store_.repository->address(); }

  Expected<MadeTask> create(const NewTask& task) override {
    const auto made = ESTEIRA_TRY(tasks_.create(task));
    return MadeTask{ESTEIRA_TRY(tasks_.task(made.task_id)), made.created};
  }
  Expected<Task> task(TaskId task_id) override { return tasks_.task(task_id); }
  Expected<std::vector<Execution>> executions(TaskId task_id) override {
    return tasks_.executions(task_id);
  }
  Expected<std::vector<LogLine>> log_lines(TaskId task_id) override {
    return store_.repository->log_lines(task_id);
  }
  Expected<std::vector<Task>> tasks(const TaskFilter& filter) override {
    return store_.repository->tasks(filter, store_.now());
  }
  Changes change(TaskChange change, std::span<const TaskId> ids) override;

  Expected<CheckedTask> check(const NewTask& task) override {
    return CheckedTask{
        ESTEIRA_TRY(check_new_task(task, known_types_, store_.registry.get(), store_.now())), ""};
  }
  Expected<std::size_t> insert(std::span<const CheckedTask> tasks) override;

  Expected<std::vector<TaskType>> types() override { return type_service_.list(); }
  Expected<ChangedType> set_type(const std::string& name, const TypeChange& change) override;
  Expected<TaskType> pause_type(const std::string& name, bool paused) override;

  Expected<JsonArray> schedules() override;
  Expected<Json> schedule(const std::string& name) override {
    return shown(ESTEIRA_TRY(schedule_service_.find(name)));
  }
  Expected<JsonArray> preview_schedule(const std::string& name, int count) override {
    return api::preview_to_json(ESTEIRA_TRY(schedule_service_.preview(name, count)));
  }
  Expected<MadeSchedule> set_schedule(const std::string& name,
                                      const ScheduleChange& change) override;
  Expected<void> remove_schedule(const std::string& name) override;
  Expected<Json> pause_schedule(const std::string& name, bool paused) override;
  Expected<Task> run_schedule(const std::string& name) override;

  Expected<Json> batch(const std::string& batch_id) override {
    return api::batch_to_json(ESTEIRA_TRY(batch_service_.find(batch_id)));
  }
  Expected<Json> create_batch(const api::NewBatch& batch) override;
  Expected<Json> close_batch(const std::string& batch_id) override;
  Expected<ChangedBatch> change_batch(const std::string& batch_id, BatchAction action) override;

  Expected<Stats> stats() override {
    return api::rounded(ESTEIRA_TRY(store_.repository->stats(store_.now())));
  }
  Expected<std::vector<WorkerRecord>> workers() override { return store_.repository->workers(); }

 private:
  [[nodiscard]] Json shown(const Schedule& schedule) const {
    return api::schedule_to_json(schedule, store_.now());
  }
  Statuses apply(TaskChange change, std::span<const TaskId> ids);
  Expected<void> note_all(TaskChange change, std::span<const TaskId> ids,
                          std::span<const ChangeStatus> statuses);

  const Store store_;
  TaskService tasks_;
  TypeService type_service_;
  ScheduleService schedule_service_;
  BatchService batch_service_;
  TypeCache known_types_;
  BackPressure pressure_;
};

Statuses LocalBackend::apply(TaskChange change, std::span<const TaskId> ids) {
  switch (change) {
    case TaskChange::cancel:
      return store_.repository->cancel(ids, store_.now());
    case TaskChange::retry:
      return store_.repository->retry(ids, store_.now());
    case TaskChange::remove:
      return store_.repository->remove(ids, store_.now());
  }
  return {};
}

Changes LocalBackend::change(TaskChange change, std::span<const TaskId> ids) {
  Changes changes;
  auto rest = ids;
  while (!rest.empty() && !changes.error) {
    const auto some = rest.first(std::min(rest.size(), ids_at_once));
    auto statuses = with_trail(store_, [&]() -> Statuses {
      auto applied = ESTEIRA_TRY(apply(change, some));
      ESTEIRA_TRY(note_all(change, some, applied));
      return applied;
    });
    if (!statuses) {
      changes.error = std::move(statuses).error();
    } else {
      changes.statuses.insert(changes.statuses.end(), statuses->begin(), statuses->end());
      rest = rest.subspan(some.size());
    }
  }
  store_.repository->hint();
  return changes;
}

// An entry for each task that was changed.
Expected<void> LocalBackend::note_all(TaskChange change, std::span<const TaskId> ids,
                                      std::span<const ChangeStatus> statuses) {
  for (std::size_t i = 0; i < statuses.size(); ++i) {
    if (statuses[i] != ChangeStatus::applied && statuses[i] != ChangeStatus::requested) continue;
    const Json after = JsonObject{{"status", word(statuses[i])}};
    ESTEIRA_TRY(note_in_trail(store_, {.action = std::string(action_of(change)),
                                       .target = fmt::format("{}", ids[i]),
                                       .after = to_text(after)}));
  }
  return {};
}

Expected<std::size_t> LocalBackend::insert(std::span<const CheckedTask> tasks) {
  std::vector<NewTaskRow> rows;
  rows.reserve(tasks.size());
  for (const auto& task : tasks) rows.push_back(task.row);
  ESTEIRA_TRY(pressure_.admit(rows, known_types_));
  const auto inserted = ESTEIRA_TRY(store_.repository->insert(rows, store_.now()));
  store_.repository->hint();
  return inserted.size();
}

Expected<ChangedType> LocalBackend::set_type(const std::string& name, const TypeChange& change) {
  return with_trail(store_, [&]() -> Expected<ChangedType> {
    const auto before = type_service_.find(name);
    auto changed = ESTEIRA_TRY(type_service_.set(name, change));
    AuditEntry entry{
        .action = "type.set", .target = changed.type.name, .after = api::audited(changed.type)};
    if (before) entry.before = api::audited(*before);
    ESTEIRA_TRY(note_in_trail(store_, std::move(entry)));
    return changed;
  });
}

Expected<TaskType> LocalBackend::pause_type(const std::string& name, bool paused) {
  return with_trail(store_, [&]() -> Expected<TaskType> {
    auto type = ESTEIRA_TRY(paused ? type_service_.pause(name) : type_service_.resume(name));
    ESTEIRA_TRY(note_in_trail(
        store_, {.action = paused ? "type.pause" : "type.resume", .target = type.name}));
    return type;
  });
}

Expected<JsonArray> LocalBackend::schedules() {
  JsonArray all;
  for (const auto& one : ESTEIRA_TRY(schedule_service_.list())) all.push_back(shown(one));
  return all;
}

Expected<MadeSchedule> LocalBackend::set_schedule(const std::string& name,
                                                  const ScheduleChange& change) {
  return with_trail(store_, [&]() -> Expected<MadeSchedule> {
    const auto before = schedule_service_.find(name);
    const auto set = ESTEIRA_TRY(schedule_service_.set(name, change));
    AuditEntry entry{.action = "schedule.set", .target = name, .after = api::audited(set.schedule)};
    if (before) entry.before = api::audited(*before);
    ESTEIRA_TRY(note_in_trail(store_, std::move(entry)));
    return MadeSchedule{shown(set.schedule), set.created};
  });
}

Expected<void> LocalBackend::remove_schedule(const std::string& name) {
  return with_trail(store_, [&]() -> Expected<void> {
    const auto removed = ESTEIRA_TRY(schedule_service_.remove(name));
    return note_in_trail(
        store_, {.action = "schedule.delete", .target = name, .before = api::audited(removed)});
  });
}

Expected<Json> LocalBackend::pause_schedule(const std::string& name, bool paused) {
  return with_trail(store_, [&]() -> Expected<Json> {
    const auto schedule =
        ESTEIRA_TRY(paused ? schedule_service_.pause(name) : schedule_service_.resume(name));
    ESTEIRA_TRY(note_in_trail(
        store_, {.action = paused ? "schedule.pause" : "schedule.resume", .target = name}));
    return shown(schedule);
  });
}

Expected<Task> LocalBackend::run_schedule(const std::string& name) {
  return with_trail(store_, [&]() -> Expected<Task> {
    auto task = ESTEIRA_TRY(schedule_service_.run(name));
    const Json after = JsonObject{{"task_id", task.task_id}};
    ESTEIRA_TRY(
        note_in_trail(store_, {.action = "schedule.run", .target = name, .after = to_text(after)}));
    return task;
  });
}

Expected<Json> LocalBackend::create_batch(const api::NewBatch& batch) {
  return with_trail(store_, [&]() -> Expected<Json> {
    const auto made = ESTEIRA_TRY(batch_service_.create(batch.batch_id, batch.finish));
    ESTEIRA_TRY(note_in_trail(store_, {.action = "batch.create", .target = made.batch_id}));
    return api::batch_to_json(made);
  });
}

Expected<Json> LocalBackend::close_batch(const std::string& batch_id) {
  return with_trail(store_, [&]() -> Expected<Json> {
    const auto closed = ESTEIRA_TRY(batch_service_.close(batch_id));
    ESTEIRA_TRY(note_in_trail(store_, {.action = "batch.close", .target = batch_id}));
    return api::batch_to_json(closed);
  });
}

Expected<ChangedBatch> LocalBackend::change_batch(const std::string& batch_id, BatchAction action) {
  return with_trail(store_, [&]() -> Expected<ChangedBatch> {
    const bool cancels = action == BatchAction::cancel;
    const auto changed =
        ESTEIRA_TRY(cancels ? batch_service_.cancel(batch_id) : batch_service_.retry(batch_id));
    const Json after = JsonObject{{"applied", changed.applied}, {"requested", changed.requested}};
    ESTEIRA_TRY(note_in_trail(store_, {.action = cancels ? "batch.cancel" : "batch.retry",
                                       .target = batch_id,
                                       .after = to_text(after)}));
    return ChangedBatch{.batch = api::batch_to_json(changed.batch),
                        .applied = changed.applied,
                        .requested = changed.requested,
                        .more = changed.more};
  });
}

}  // namespace

std::unique_ptr<Backend> local_backend(Store store) {
  return std::make_unique<LocalBackend>(std::move(store));
}

}  // namespace esteira::cli
