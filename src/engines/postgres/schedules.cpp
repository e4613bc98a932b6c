#include <algorithm>

#include "base/assert.hpp"
#include "engines/postgres/repository.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {
namespace {

Expected<Schedule> read_schedule(const Rows& rows, int row) {
  Schedule schedule;
  schedule.name = rows.text(row, 0);
  schedule.cron = rows.text(row, 1);
  schedule.timezone = rows.text(row, 2);
  schedule.type_id = rows.small(row, 3);
  schedule.type = rows.text(row, 4);
  schedule.type_max_retries = rows.small(row, 5);
  schedule.payload = rows.json(row, 6);
  schedule.priority = rows.small(row, 7);
  if (!rows.null(row, 8)) schedule.max_retries = rows.small(row, 8);
  schedule.tags = rows.texts(row, 9);
  schedule.missed = ESTEIRA_TRY(parse_missed_policy(rows.text(row, 10)));
  schedule.missed_window = Duration{rows.integer(row, 11)};
  schedule.missed_max = rows.small(row, 12);
  schedule.overlap = ESTEIRA_TRY(parse_overlap_policy(rows.text(row, 13)));
  schedule.paused = rows.truth(row, 14);
  schedule.created_at = rows.time(row, 15);
  schedule.updated_at = rows.time_or(row, 16);
  schedule.anchor = rows.time(row, 17);
  schedule.handled_until = rows.time(row, 18);
  schedule.last_nominal_at = rows.time_or(row, 19);
  if (!rows.null(row, 20)) schedule.last_task_id = rows.integer(row, 20);
  schedule.queued_at = rows.time_or(row, 21);
  schedule.next_at = rows.time_or(row, 22);
  schedule.look_at = rows.time_or(row, 23);
  schedule.encrypted = rows.truth(row, 24);
  return schedule;
}

Expected<std::optional<Schedule>> read_one(const Rows& rows) {
  if (rows.size() == 0) return std::nullopt;
  return ESTEIRA_TRY(read_schedule(rows, 0));
}

Params schedule_params(const Schedule& schedule) {
  Params params;
  params.add(schedule.name)
      .add(schedule.cron)
      .add(schedule.timezone)
      .add(schedule.type_id)
      .add(JsonText{schedule.payload})
      .add(schedule.priority)
      .add(schedule.max_retries)
      .array<std::string_view>(schedule.tags)
      .add(to_text(schedule.missed))
      .add(std::int64_t{schedule.missed_window.count()})
      .add(schedule.missed_max)
      .add(to_text(schedule.overlap))
      .add(schedule.paused)
      .add(schedule.created_at)
      .add(schedule.updated_at)
      .add(schedule.anchor)
      .add(schedule.handled_until)
      .add(schedule.last_nominal_at)
      .add(schedule.last_task_id)
      .add(schedule.queued_at)
      .add(schedule.next_at)
      .add(schedule.look_at)
      .add(schedule.encrypted);
  return params;
}

}  // namespace

Expected<std::vector<Schedule>> Repository::schedules() {
  const RecursiveLock lock{mutex_};
  const Rows rows = ESTEIRA_TRY(connection_.read(sql::schedules));
  std::vector<Schedule> found;
  for (int row = 0; row < rows.size(); ++row) {
    found.push_back(ESTEIRA_TRY(read_schedule(rows, row)));
  }
  return found;
}

Expected<std::optional<Schedule>> Repository::schedule(const std::string& name) {
  const RecursiveLock lock{mutex_};
  return read_one(ESTEIRA_TRY(connection_.read(sql::schedule_by_name, Params{}.add(name))));
}

Expected<std::vector<ScheduleLook>> Repository::schedule_looks(int limit) {
  const RecursiveLock lock{mutex_};
  const Rows rows =
      ESTEIRA_TRY(connection_.read(sql::schedule_looks, Params{}.add(std::int64_t{limit})));
  std::vector<ScheduleLook> looks;
  for (int row = 0; row < rows.size(); ++row) {
    looks.push_back({std::string(rows.text(row, 0)), rows.time(row, 1)});
  }
  return looks;
}

Expected<std::optional<Schedule>> Repository::lock_schedule(const std::string& name,
                                                            WhenLocked when) {
  const RecursiveLock lock{mutex_};
  const auto sql = when == WhenLocked::wait ? sql::lock_schedule : sql::try_lock_schedule;
  return read_one(ESTEIRA_TRY(connection_.write(sql, Params{}.add(name))));
}

Expected<void> Repository::put_schedule(const Schedule& schedule) {
  const RecursiveLock lock{mutex_};
  ESTEIRA_TRY(connection_.write(sql::put_schedule, schedule_params(schedule)));
  return {};
}

Expected<bool> Repository::remove_schedule(const std::string& name) {
  const RecursiveLock lock{mutex_};
  const Rows rows = ESTEIRA_TRY(connection_.write(sql::remove_schedule, Params{}.add(name)));
  return rows.affected() > 0;
}

Expected<std::vector<Time>> Repository::note_schedule_runs(const std::string& name,
                                                           std::span<const Time> nominal,
                                                           Time now) {
  const RecursiveLock lock{mutex_};
  Params params;
  params.add(name).array<Time>(nominal).add(now);
  const Rows rows = ESTEIRA_TRY(connection_.write(sql::note_schedule_runs, std::move(params)));
  std::vector<Time> fresh;
  for (int row = 0; row < rows.size(); ++row) fresh.push_back(rows.time(row, 0));
  std::ranges::sort(fresh);
  return fresh;
}

Expected<void> Repository::set_schedule_tasks(const std::string& name,
                                              std::span<const ScheduleRun> runs) {
  const RecursiveLock lock{mutex_};
  Params params;
  params.add(name)
      .array<Time>(runs, [](const ScheduleRun& run) { return run.nominal_at; })
      .array<std::int64_t>(runs, [](const ScheduleRun& run) { return run.task_id; });
  ESTEIRA_TRY(connection_.write(sql::set_schedule_tasks, std::move(params)));
  return {};
}

Expected<std::vector<ScheduleRun>> Repository::schedule_runs(const std::string& name, int limit) {
  const RecursiveLock lock{mutex_};
  const Rows rows = ESTEIRA_TRY(
      connection_.read(sql::schedule_runs, Params{}.add(name).add(std::int64_t{limit})));
  std::vector<ScheduleRun> runs;
  for (int row = 0; row < rows.size(); ++row) {
    ScheduleRun run{.nominal_at = rows.time(row, 0)};
    if (!rows.null(row, 1)) run.task_id = rows.integer(row, 1);
    runs.push_back(run);
  }
  return runs;
}

}  // namespace esteira::postgres
