// Schedules: tasks that are made at certain times. Policy as data, and what follows from it.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "domain/cron.hpp"
#include "esteira/json.hpp"
#include "esteira/task.hpp"

namespace esteira {

// What becomes of nominal times at which no program ran.
enum class MissedPolicy : std::uint8_t { skip, one, all };
// What becomes of a nominal time at which the schedule's last task has not ended.
enum class OverlapPolicy : std::uint8_t { allow, skip, queue, cancel };

// "skip", "one", "all"; "allow", "skip", "queue", "cancel".
[[nodiscard]] std::string_view to_text(MissedPolicy policy);
[[nodiscard]] std::string_view to_text(OverlapPolicy policy);
[[nodiscard]] Expected<MissedPolicy> parse_missed_policy(std::string_view text);
[[nodiscard]] Expected<OverlapPolicy> parse_overlap_policy(std::string_view text);
// 1 to 100 of A-Z, a-z, 0-9, "_", ".", "-", the first no ".".
[[nodiscard]] Expected<void> check_schedule_name(std::string_view name);

// A row of `task_schedules`.
struct Schedule {
  std::string name;
  std::string cron;
  std::string timezone = "UTC";
  TypeId type_id = 0;
  std::string type{};          // its name; read only
  int type_max_retries = 0;    // its default; read only
  std::string payload = "{}";  // JSON text
  bool encrypted = false;      // which is stored enciphered
  int priority = 0;
  std::optional<int> max_retries{};  // nothing: the type's
  std::vector<std::string> tags{};
  MissedPolicy missed = MissedPolicy::one;
  Duration missed_window = std::chrono::hours{24};
  int missed_max = 100;
  OverlapPolicy overlap = OverlapPolicy::allow;
  bool paused = false;
  Time created_at{};
  std::optional<Time> updated_at{};
  Time anchor{};  // intervals count from here
  // Every nominal time until then is done with; none of them is ever looked at again.
  Time handled_until{};
  std::optional<Time> last_nominal_at{};  // the last that was looked at: its task was made, or not
  std::optional<TaskId> last_task_id{};
  // A nominal time whose task waits to be made for the end of the last one.
  std::optional<Time> queued_at{};
  std::optional<Time> next_at{};  // the next nominal time; nothing while paused
  std::optional<Time> look_at{};  // when there is something to do; nothing: never
  friend bool operator==(const Schedule&, const Schedule&) = default;
};

// What changes of a schedule, or makes one; what is absent stays.
struct ScheduleChange {
  std::optional<std::string> cron{};
  std::optional<std::string> timezone{};
  std::optional<std::string> type{};  // its name
  std::optional<Json> payload{};
  std::optional<int> priority{};
  std::optional<int> max_retries{};
  std::optional<std::vector<std::string>> tags{};  // all of them
  std::optional<MissedPolicy> missed{};
  std::optional<Duration> missed_window{};
  std::optional<int> missed_max{};
  std::optional<OverlapPolicy> overlap{};
};

// An instant of a schedule that is to come, as its zone's wall shows it (format_local).
struct ScheduleInstant {
  Time nominal_at{};
  std::string local;
};

// A nominal time that was done with, for good: a row of `task_schedule_runs`.
struct ScheduleRun {
  Time nominal_at{};
  std::optional<TaskId> task_id{};  // nothing: the overlap rule made none
  friend bool operator==(const ScheduleRun&, const ScheduleRun&) = default;
};

// invalid_argument, which names the field: "/cron" or "/timezone".
[[nodiscard]] Expected<CronRule> rule_of(const Schedule& schedule);

// Those of the nominal times in (handled_until, now] that a task is to be thought of for, oldest
// first. On time (limits::schedule_on_time) each counts; of the missed ones within the window none,
// the last, or the last missed_max. Bounded, however long ago handled_until was.
[[nodiscard]] std::vector<Time> due_times(const Schedule& schedule, const CronRule& rule, Time now);

// How the schedule's last task stands.
enum class LastTask : std::uint8_t { ended, waiting, running };  // ended: or there is none

// What is to be done, in this order.
struct ScheduleStep {
  bool cancel_last = false;
  std::vector<Time> create{};       // nominal times, of which each gets a task
  std::vector<Time> pass_over{};    // and of which none does
  std::optional<Time> queued_at{};  // what waits afterwards
};
[[nodiscard]] ScheduleStep decide_overlap(const Schedule& schedule, std::span<const Time> due,
                                          LastTask last);

// As it stands once every nominal time until `now` is done with. `rule` is its own.
[[nodiscard]] Schedule moved_on(Schedule schedule, const CronRule& rule, Time now);
// With `look_at` as all else of it says.
[[nodiscard]] Schedule looks_again(Schedule schedule, Time now);
// The nominal times after `after`, `count` at most.
[[nodiscard]] std::vector<ScheduleInstant> instants_after(const CronRule& rule, Time after,
                                                          int count);

// How long ago the next nominal time was; 0 where it is to come.
[[nodiscard]] Duration lag_of(const Schedule& schedule, Time now);

}  // namespace esteira
