#include "worker/schedule_firing.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "domain/flow_key.hpp"
#include "domain/limits.hpp"

namespace esteira {
namespace {

// How long a schedule rests whose rule this machine can't follow: others are due too.
constexpr Duration refused_rest = std::chrono::minutes{1};

// What the rows of one call may hold together: a thousand that were missed may be large.
constexpr std::size_t rows_bytes_max = std::size_t{16} * 1024 * 1024;

std::size_t rows_at_once(const Schedule& schedule) {
  return std::max(rows_bytes_max / (schedule.payload.size() + 1), std::size_t{1});
}

NewTaskRow task_of(const Schedule& schedule) {
  return {.type_id = schedule.type_id,
          .payload = schedule.payload,
          .priority = schedule.priority,
          .max_retries = schedule.max_retries.value_or(schedule.type_max_retries),
          .tags = schedule.tags};
}

}  // namespace

ScheduleFiring::Progress ScheduleFiring::step() {
  Progress progress;
  const auto looks = repository_.schedule_looks(limits::schedule_looks_max);
  if (!looks) {
    progress.error = looks.error();
    return progress;
  }
  for (const auto& look : *looks) {
    if (look.look_at > clock_.now()) {
      progress.next_look = look.look_at;
      return progress;
    }
    auto fired = fire(look.name);
    if (fired) {
      progress.created += *fired;
    } else if (!progress.error) {
      progress.error = std::move(fired).error();
      progress.error->message.insert(0, "schedule " + look.name + ": ");
    }
  }
  // There may be more that are due, and those that were have moved on.
  if (!looks->empty() && !progress.error) progress.next_look = clock_.now();
  return progress;
}

Expected<int> ScheduleFiring::fire(const std::string& name) {
  int created = 0;
  std::optional<Error> refused;
  const auto work = [&]() -> Expected<void> {
    const auto schedule = ESTEIRA_TRY(repository_.lock_schedule(name, WhenLocked::give_up));
    const auto now = clock_.now();
    // Another process has done it, or does it just now.
    if (!schedule || !schedule->look_at || *schedule->look_at > now) return {};
    const auto rule = rule_of(*schedule);
    if (!rule) {
      // The zone may come back; what is missed until then is made up as its policy says.
      refused = rule.error();
      auto resting = *schedule;
      resting.look_at = now + refused_rest;
      return repository_.put_schedule(resting);
    }
    created = ESTEIRA_TRY(fire_locked(*schedule, *rule, now));
    return {};
  };
  ESTEIRA_TRY(repository_.atomically(work));
  if (refused) return std::unexpected(*std::move(refused));
  if (created > 0) repository_.hint();
  return created;
}

Expected<int> ScheduleFiring::fire_locked(const Schedule& schedule, const CronRule& rule,
                                          Time now) {
  const auto due = due_times(schedule, rule, now);
  const auto step = decide_overlap(schedule, due, ESTEIRA_TRY(last_task(schedule, now)));
  if (step.cancel_last) {
    const auto last = schedule.last_task_id.value_or(0);
    ESTEIRA_TRY(repository_.cancel(std::span(&last, 1), now));
  }
  if (!step.pass_over.empty()) {
    ESTEIRA_TRY(repository_.note_schedule_runs(schedule.name, step.pass_over, now));
  }
  auto after = moved_on(schedule, rule, now);
  const int created = ESTEIRA_TRY(create(after, step.create, now));
  if (!due.empty()) after.last_nominal_at = due.back();
  after.queued_at = step.queued_at;
  ESTEIRA_TRY(repository_.put_schedule(looks_again(after, now)));
  return created;
}

Expected<LastTask> ScheduleFiring::last_task(const Schedule& schedule, Time now) {
  const bool asked = schedule.overlap != OverlapPolicy::allow || schedule.queued_at;
  if (!asked || !schedule.last_task_id) return LastTask::ended;
  const auto task = ESTEIRA_TRY(repository_.task(*schedule.last_task_id, now));
  if (!task) return LastTask::ended;
  switch (task->status) {
    case TaskStatus::pending:
      return LastTask::waiting;
    case TaskStatus::processing:
      return LastTask::running;
    case TaskStatus::completed:
    case TaskStatus::failed:
    case TaskStatus::cancelled:
      return LastTask::ended;
  }
  return LastTask::ended;
}

// By the type as it is now: it may have got flows since the schedule was set.
Expected<TaskTerms> ScheduleFiring::terms_of(const Schedule& schedule) {
  const auto types = ESTEIRA_TRY(repository_.types());
  const auto type = std::ranges::find(types, schedule.type_id, &TaskType::type_id);
  TaskTerms terms;
  if (type == types.end()) return terms;
  terms.encrypted = type->flow.encrypted;
  if (!type->flow.key) return terms;
  const auto payload = ESTEIRA_TRY(parse_json(schedule.payload));
  // A payload that holds no key shares the flow of those that have none: it must not be missed.
  terms.flow_key = flow_key_of(*type->flow.key, payload).value_or("");
  return terms;
}

Expected<int> ScheduleFiring::create(Schedule& schedule, std::span<const Time> nominal, Time now) {
  if (nominal.empty()) return 0;
  const auto fresh = ESTEIRA_TRY(repository_.note_schedule_runs(schedule.name, nominal, now));
  if (fresh.empty()) return 0;
  auto row = task_of(schedule);
  row.terms = ESTEIRA_TRY(terms_of(schedule));
  schedule.encrypted = row.terms.encrypted;
  std::vector<ScheduleRun> runs;
  while (runs.size() < fresh.size()) {
    const auto count = std::min(fresh.size() - runs.size(), rows_at_once(schedule));
    const std::vector<NewTaskRow> rows(count, row);
    for (const auto& task : ESTEIRA_TRY(repository_.insert(rows, now))) {
      runs.push_back({fresh[runs.size()], task.task_id});
    }
  }
  ESTEIRA_TRY(repository_.set_schedule_tasks(schedule.name, runs));
  schedule.last_task_id = runs.back().task_id;
  return static_cast<int>(fresh.size());
}

}  // namespace esteira
