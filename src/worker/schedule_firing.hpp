// Makes the tasks of the schedules that are due.
#pragma once

#include <optional>
#include <string>

#include "base/clock.hpp"
#include "domain/schedule.hpp"
#include "repository/repository.hpp"

namespace esteira {

// Safe in many processes at once, and in need of no leader: whoever holds the lock of a schedule's
// row decides by what it finds there, and a nominal time is noted once. One thread's.
class ScheduleFiring {
 public:
  ScheduleFiring(TaskRepository& repository, const Clock& clock)
      : repository_(repository), clock_(clock) {}

  struct Progress {
    int created = 0;
    std::optional<Time> next_look{};  // when the next schedule is due; nothing: none waits
    // What went wrong first. The other schedules were looked at all the same.
    std::optional<Error> error{};
  };
  // Where nothing is due this is one look along an index.
  [[nodiscard]] Progress step();

 private:
  // Answers how many tasks it made.
  Expected<int> fire(const std::string& name);
  Expected<int> fire_locked(const Schedule& schedule, const CronRule& rule, Time now);
  Expected<LastTask> last_task(const Schedule& schedule, Time now);
  Expected<TaskTerms> terms_of(const Schedule& schedule);
  Expected<int> create(Schedule& schedule, std::span<const Time> nominal, Time now);

  TaskRepository& repository_;
  const Clock& clock_;
};

}  // namespace esteira
