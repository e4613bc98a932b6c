#include "base/assert.hpp"
#include "engines/sqlite/operations.hpp"
#include "esteira/json.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

Expected<std::vector<std::string>> read_tags(std::string_view text) {
  const auto json = ESTEIRA_TRY(parse_json(text));
  std::vector<std::string> tags;
  for (const auto& tag : json.as_array()) tags.emplace_back(tag.as_string());
  return tags;
}

Expected<Schedule> read_schedule(const Query& row) {
  Schedule schedule;
  schedule.name = row.text(0);
  schedule.cron = row.text(1);
  schedule.timezone = row.text(2);
  schedule.type_id = row.small(3);
  schedule.type = row.text(4);
  schedule.type_max_retries = row.small(5);
  schedule.payload = row.text(6);
  schedule.priority = row.small(7);
  if (!row.is_null(8)) schedule.max_retries = row.small(8);
  schedule.tags = ESTEIRA_TRY(read_tags(row.view(9)));
  schedule.missed = ESTEIRA_TRY(parse_missed_policy(row.view(10)));
  schedule.missed_window = row.duration(11);
  schedule.missed_max = row.small(12);
  schedule.overlap = ESTEIRA_TRY(parse_overlap_policy(row.view(13)));
  schedule.paused = row.small(14) != 0;
  schedule.created_at = row.time(15);
  schedule.updated_at = row.optional_time(16);
  schedule.anchor = row.time(17);
  schedule.handled_until = row.time(18);
  schedule.last_nominal_at = row.optional_time(19);
  if (!row.is_null(20)) schedule.last_task_id = row.integer(20);
  schedule.queued_at = row.optional_time(21);
  schedule.next_at = row.optional_time(22);
  schedule.look_at = row.optional_time(23);
  schedule.encrypted = row.small(24) != 0;
  return schedule;
}

}  // namespace

Expected<std::vector<Schedule>> schedules(Connection& connection) {
  auto query = ESTEIRA_TRY(connection.query(sql::schedules));
  std::vector<Schedule> found;
  while (ESTEIRA_TRY(query.step())) found.push_back(ESTEIRA_TRY(read_schedule(query)));
  return found;
}

Expected<std::optional<Schedule>> schedule(Connection& connection, const std::string& name) {
  auto query = ESTEIRA_TRY(connection.query(sql::schedule_find));
  query.bind(name);
  if (!ESTEIRA_TRY(query.step())) return std::nullopt;
  return ESTEIRA_TRY(read_schedule(query));
}

Expected<std::vector<ScheduleLook>> schedule_looks(Connection& connection, int limit) {
  auto query = ESTEIRA_TRY(connection.query(sql::schedule_looks));
  query.bind(limit);
  std::vector<ScheduleLook> looks;
  while (ESTEIRA_TRY(query.step())) looks.push_back({query.text(0), query.time(1)});
  return looks;
}

Expected<void> put_schedule(Connection& connection, const Schedule& schedule) {
  const auto tags = to_text(Json(JsonArray(schedule.tags.begin(), schedule.tags.end())));
  return connection.run(sql::schedule_put, schedule.name, schedule.cron, schedule.timezone,
                        schedule.type_id, schedule.payload, schedule.priority, schedule.max_retries,
                        tags, to_text(schedule.missed), schedule.missed_window, schedule.missed_max,
                        to_text(schedule.overlap), schedule.paused, schedule.created_at,
                        schedule.updated_at, schedule.anchor, schedule.handled_until,
                        schedule.last_nominal_at, schedule.last_task_id, schedule.queued_at,
                        schedule.next_at, schedule.look_at, schedule.encrypted);
}

Expected<bool> remove_schedule(Connection& connection, const std::string& name) {
  auto query = ESTEIRA_TRY(connection.query(sql::schedule_remove));
  ESTEIRA_TRY(query.run_with(name));
  return query.changes() > 0;
}

Expected<std::vector<Time>> note_schedule_runs(Connection& connection, const std::string& name,
                                               std::span<const Time> nominal, Time now) {
  auto query = ESTEIRA_TRY(connection.query(sql::schedule_run_note));
  std::vector<Time> fresh;
  for (const auto at : nominal) {
    ESTEIRA_TRY(query.run_with(name, at, now));
    if (query.changes() > 0) fresh.push_back(at);
  }
  return fresh;
}

Expected<void> set_schedule_tasks(Connection& connection, const std::string& name,
                                  std::span<const ScheduleRun> runs) {
  auto query = ESTEIRA_TRY(connection.query(sql::schedule_run_task));
  for (const auto& run : runs) ESTEIRA_TRY(query.run_with(name, run.nominal_at, run.task_id));
  return {};
}

Expected<std::vector<ScheduleRun>> schedule_runs(Connection& connection, const std::string& name,
                                                 int limit) {
  auto query = ESTEIRA_TRY(connection.query(sql::schedule_runs));
  query.bind(name, limit);
  std::vector<ScheduleRun> runs;
  while (ESTEIRA_TRY(query.step())) {
    ScheduleRun run{.nominal_at = query.time(0)};
    if (!query.is_null(1)) run.task_id = query.integer(1);
    runs.push_back(run);
  }
  return runs;
}

}  // namespace esteira::sqlite
