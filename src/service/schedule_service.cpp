#include "service/schedule_service.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "domain/limits.hpp"
#include "service/new_task.hpp"

namespace esteira {
namespace {

std::unexpected<Error> refuse_field(std::string_view field, std::string message) {
  return std::unexpected(Error{.code = ErrorCode::invalid_argument,
                               .message = fmt::format("{}: {}", field, message),
                               .fields = {{fmt::format("/{}", field), std::move(message)}}});
}

std::unexpected<Error> no_such(const std::string& name) {
  return fail(ErrorCode::not_found, check_schedule_name(name)
                                        ? fmt::format("there is no schedule {}", name)
                                        : "there is no schedule of that name");
}

void apply(const ScheduleChange& change, Schedule& schedule) {
  if (change.cron) schedule.cron = *change.cron;
  if (change.timezone) schedule.timezone = *change.timezone;
  if (change.type) schedule.type = *change.type;
  if (change.priority) schedule.priority = *change.priority;
  if (change.max_retries) schedule.max_retries = *change.max_retries;
  if (change.tags) schedule.tags = *change.tags;
  if (change.missed) schedule.missed = *change.missed;
  if (change.missed_window) schedule.missed_window = *change.missed_window;
  if (change.missed_max) schedule.missed_max = *change.missed_max;
  if (change.overlap) schedule.overlap = *change.overlap;
}

Expected<void> check_missed(const Schedule& schedule) {
  if (schedule.missed_window <= Duration{0} || schedule.missed_window > limits::missed_window_max) {
    return refuse_field("missed_window_seconds",
                        fmt::format("must be more than 0 and at most {}",
                                    limits::missed_window_max / std::chrono::seconds{1}));
  }
  if (schedule.missed_max < 1 || schedule.missed_max > limits::missed_max_max) {
    return refuse_field("missed_max", fmt::format("must be from 1 to {}", limits::missed_max_max));
  }
  return {};
}

}  // namespace

ScheduleService::ScheduleService(std::shared_ptr<TaskRepository> repository,
                                 const ProcessorRegistry* registry,
                                 std::shared_ptr<const Clock> clock)
    : repository_(std::move(repository)),
      registry_(registry),
      clock_(std::move(clock)),
      types_(std::make_unique<TypeCache>(*repository_, *clock_)) {}

Expected<std::vector<Schedule>> ScheduleService::list() { return repository_->schedules(); }

Expected<Schedule> ScheduleService::find(const std::string& name) {
  if (!check_schedule_name(name)) return no_such(name);
  auto found = ESTEIRA_TRY(repository_->schedule(name));
  if (!found) return no_such(name);
  return *std::move(found);
}

Expected<Schedule> ScheduleService::lock(const std::string& name) {
  if (!check_schedule_name(name)) return no_such(name);
  auto found = ESTEIRA_TRY(repository_->lock_schedule(name, WhenLocked::wait));
  if (!found) return no_such(name);
  return *std::move(found);
}

// What a schedule of this name did before stays done.
Expected<Schedule> ScheduleService::fresh(const std::string& name, const ScheduleChange& change,
                                          Time now) {
  if (!change.cron) return refuse_field("cron", "is missing");
  if (!change.type) return refuse_field("type", "is missing");
  if (ESTEIRA_TRY(repository_->schedules()).size() >= limits::schedules_max) {
    return fail(ErrorCode::conflict,
                fmt::format("there are {} schedules, which is the limit", limits::schedules_max));
  }
  Schedule schedule{.name = name, .created_at = now, .handled_until = now};
  const auto runs = ESTEIRA_TRY(repository_->schedule_runs(name, 1));
  if (!runs.empty()) schedule.handled_until = std::max(now, runs.front().nominal_at);
  return schedule;
}

Expected<NewTaskRow> ScheduleService::checked_task(const Schedule& schedule, const Json& payload,
                                                   Time now) {
  const NewTask task{.type = schedule.type,
                     .payload = payload,
                     .options = {.priority = schedule.priority,
                                 .max_retries = schedule.max_retries,
                                 .tags = schedule.tags}};
  return check_new_task(task, *types_, registry_, now);
}

Expected<ChangedSchedule> ScheduleService::set(const std::string& name,
                                               const ScheduleChange& change) {
  ESTEIRA_TRY(check_schedule_name(name));
  const auto now = clock_->now();
  auto found = ESTEIRA_TRY(repository_->lock_schedule(name, WhenLocked::wait));
  const bool created = !found;
  auto schedule = created ? ESTEIRA_TRY(fresh(name, change, now)) : *std::move(found);
  const bool retimed = created || (change.cron && *change.cron != schedule.cron) ||
                       (change.timezone && *change.timezone != schedule.timezone);
  apply(change, schedule);
  ESTEIRA_TRY(check_missed(schedule));
  if (retimed) schedule.anchor = now;
  const auto rule = ESTEIRA_TRY(rule_of(schedule));
  const auto payload = change.payload ? *change.payload : ESTEIRA_TRY(parse_json(schedule.payload));
  const auto task = ESTEIRA_TRY(checked_task(schedule, payload, now));
  schedule.type_id = task.type_id;
  schedule.payload = task.payload;
  schedule.encrypted = task.terms.encrypted;
  if (!created) schedule.updated_at = now;
  if (retimed) schedule = moved_on(std::move(schedule), rule, now);
  ESTEIRA_TRY(repository_->put_schedule(schedule));
  return ChangedSchedule{.schedule = ESTEIRA_TRY(find(name)), .created = created};
}

Expected<Schedule> ScheduleService::remove(const std::string& name) {
  auto schedule = ESTEIRA_TRY(lock(name));
  ESTEIRA_TRY(repository_->remove_schedule(name));
  return schedule;
}

Expected<Schedule> ScheduleService::pause(const std::string& name) {
  auto schedule = ESTEIRA_TRY(lock(name));
  if (schedule.paused) return schedule;
  schedule.paused = true;
  schedule.updated_at = clock_->now();
  schedule.next_at.reset();
  schedule.look_at.reset();
  ESTEIRA_TRY(repository_->put_schedule(schedule));
  return schedule;
}

Expected<Schedule> ScheduleService::resume(const std::string& name) {
  auto schedule = ESTEIRA_TRY(lock(name));
  if (!schedule.paused) return schedule;
  const auto now = clock_->now();
  schedule.paused = false;
  schedule.updated_at = now;
  const auto rule = ESTEIRA_TRY(rule_of(schedule));
  schedule = moved_on(std::move(schedule), rule, now);
  ESTEIRA_TRY(repository_->put_schedule(schedule));
  return schedule;
}

Expected<Task> ScheduleService::run(const std::string& name) {
  auto schedule = ESTEIRA_TRY(lock(name));
  const auto now = clock_->now();
  // As a person's own task: the type may have another schema by now.
  const auto payload = ESTEIRA_TRY(parse_json(schedule.payload));
  const auto row = ESTEIRA_TRY(checked_task(schedule, payload, now));
  const auto inserted = ESTEIRA_TRY(repository_->insert(std::span(&row, 1), now));
  schedule.last_task_id = inserted.front().task_id;
  ESTEIRA_TRY(repository_->put_schedule(schedule));
  repository_->hint();
  auto task = ESTEIRA_TRY(repository_->task(*schedule.last_task_id, now));
  if (!task) return fail(ErrorCode::internal, "a task that was made can't be read");
  return *std::move(task);
}

Expected<std::vector<ScheduleInstant>> ScheduleService::preview(const std::string& name,
                                                                int count) {
  const auto schedule = ESTEIRA_TRY(find(name));
  const auto rule = ESTEIRA_TRY(rule_of(schedule));
  return instants_after(rule, std::max(clock_->now(), schedule.handled_until),
                        std::clamp(count, 1, limits::preview_instants_max));
}

}  // namespace esteira
