// What a person may ask about schedules.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/clock.hpp"
#include "domain/schedule.hpp"
#include "esteira/processor.hpp"
#include "repository/repository.hpp"
#include "service/type_cache.hpp"

namespace esteira {

struct ChangedSchedule {
  Schedule schedule;
  bool created = false;
};

// `set`, `remove`, `pause`, `resume` and `run` are called inside the repository's `atomically`:
// they lock the schedule, so that what the tasks' makers do to it meanwhile is not lost.
// Thread-safe where the repository is.
class ScheduleService {
 public:
  // `registry` (may be null; must outlive the service): its processors are asked about payloads.
  ScheduleService(std::shared_ptr<TaskRepository> repository, const ProcessorRegistry* registry,
                  std::shared_ptr<const Clock> clock);

  // By name.
  [[nodiscard]] Expected<std::vector<Schedule>> list();
  // not_found.
  [[nodiscard]] Expected<Schedule> find(const std::string& name);
  // Creates the schedule if there is none; then `cron` and `type` must be given. Another expression
  // or time zone holds from now on. Errors, which change nothing: invalid_argument with `fields`,
  // not_found (unknown type), conflict (there are limits::schedules_max).
  [[nodiscard]] Expected<ChangedSchedule> set(const std::string& name,
                                              const ScheduleChange& change);
  // Its tasks stay. not_found. Answers what it was.
  [[nodiscard]] Expected<Schedule> remove(const std::string& name);
  // No more tasks are made. not_found.
  [[nodiscard]] Expected<Schedule> pause(const std::string& name);
  // From now on: what fell into the pause is not made up. not_found.
  [[nodiscard]] Expected<Schedule> resume(const std::string& name);
  // Makes one task now, beside the nominal times, whatever the overlap rule says and also while
  // paused; it counts as the last task. not_found.
  [[nodiscard]] Expected<Task> run(const std::string& name);
  // The next nominal times, also of one that is paused. not_found.
  [[nodiscard]] Expected<std::vector<ScheduleInstant>> preview(const std::string& name, int count);

 private:
  Expected<Schedule> lock(const std::string& name);
  Expected<Schedule> fresh(const std::string& name, const ScheduleChange& change, Time now);
  // The task that it would make.
  Expected<NewTaskRow> checked_task(const Schedule& schedule, const Json& payload, Time now);

  const std::shared_ptr<TaskRepository> repository_;
  const ProcessorRegistry* const registry_;
  const std::shared_ptr<const Clock> clock_;
  std::unique_ptr<TypeCache> types_;  // moves with the service
};

}  // namespace esteira
