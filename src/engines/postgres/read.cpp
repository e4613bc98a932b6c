// Reading goes through the views, so that every reader sees the same.
#include <algorithm>
#include <array>
#include <limits>

#include "base/assert.hpp"
#include "domain/limits.hpp"
#include "engines/postgres/change.hpp"
#include "engines/postgres/repository.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

namespace {

// Ids that one look fetches where most candidates turn out to be something else.
constexpr int look_max = 10'000;

Expected<Json> read_json(const Rows& rows, int row, int column) {
  if (rows.null(row, column)) return Json(nullptr);
  // What is stored was checked when it came in; the server may write it longer.
  const std::string_view text = rows.json(row, column);
  return parse_json(text, {.bytes_max = text.size(), .depth_max = limits::json_depth_max + 1});
}

Expected<Task> read_task(const Rows& rows, int row) {
  Task task;
  task.task_id = rows.integer(row, 0);
  task.type = rows.text(row, 1);
  task.status = ESTEIRA_TRY(parse_task_status(rows.text(row, 2)));
  task.priority = rows.small(row, 3);
  task.retries = rows.small(row, 4);
  task.max_retries = rows.small(row, 5);
  task.attempt = rows.small(row, 6);
  task.payload = ESTEIRA_TRY(read_json(rows, row, 7));
  task.result = ESTEIRA_TRY(read_json(rows, row, 8));
  task.error_message = rows.text_or(row, 9);
  task.scheduled_for = rows.time_or(row, 10);
  task.started_at = rows.time_or(row, 11);
  task.completed_at = rows.time_or(row, 12);
  task.created_at = rows.time(row, 13);
  task.updated_at = rows.time_or(row, 14);
  task.crashes = rows.small(row, 15);
  if (!rows.null(row, 16)) task.progress = rows.real(row, 16);
  task.tags = rows.texts(row, 17);
  task.unique_key = rows.text_or(row, 18);
  task.worker = rows.text_or(row, 19);
  task.traceparent = rows.text_or(row, 20);
  if (!rows.null(row, 21)) show_terms(read_task_terms(rows.json(row, 21)), task);
  return task;
}

Expected<std::vector<Task>> read_tasks(const Rows& rows) {
  std::vector<Task> tasks;
  for (int row = 0; row < rows.size(); ++row) tasks.push_back(ESTEIRA_TRY(read_task(rows, row)));
  return tasks;
}

Params by_id_params(std::span<const TaskId> ids, std::optional<TaskStatus> status) {
  Params params;
  params.array<std::int64_t>(ids);
  if (status) return params.add(to_text(*status));
  return params.null<std::string_view>();
}

// The narrowest list that holds everything of the filter.
std::string_view candidates_of(const TaskFilter& filter) {
  if (filter.batch_id) return sql::list_batch;
  if (filter.tag) return sql::list_tag;
  switch (filter.status.value_or(TaskStatus::completed)) {
    case TaskStatus::pending:
      return sql::list_waiting;
    case TaskStatus::processing:
      return sql::list_running;
    case TaskStatus::failed:
    case TaskStatus::cancelled:
      return sql::list_ended_badly;
    case TaskStatus::completed:
      break;
  }
  return filter.type ? sql::list_type : sql::list_all;
}

std::optional<std::string_view> view(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return std::string_view{*text};
}

std::vector<TaskId> read_ids(const Rows& rows) {
  std::vector<TaskId> ids;
  for (int row = 0; row < rows.size(); ++row) ids.push_back(rows.integer(row, 0));
  return ids;
}

std::string candidates_list(const TaskFilter& filter, int look) {
  return std::string{candidates_of(filter)} + inlined(sql::list_tail, ":limit", look);
}

Params candidate_params(const TaskFilter& filter, TaskId below) {
  Params params;
  params.add(below)
      .add(view(filter.type))
      .add(view(filter.tag))
      .add(filter.created_after)
      .add(filter.created_before);
  if (filter.batch_id) params.add(view(filter.batch_id));
  return params;
}

}  // namespace

Expected<std::vector<TaskId>> fitting(Runner& runner, const TaskFilter& filter, std::size_t limit) {
  const std::string list = candidates_list(filter, look_max);
  std::vector<TaskId> all;
  TaskId below = std::numeric_limits<TaskId>::max();
  while (all.size() < limit) {
    const Rows candidates = ESTEIRA_TRY(runner.run(list, candidate_params(filter, below)));
    auto ids = read_ids(candidates);
    const bool last = static_cast<int>(ids.size()) < look_max;
    if (!ids.empty()) below = ids.back();
    if (filter.status) {
      const auto params = by_id_params(ids, filter.status);
      const Rows fit = ESTEIRA_TRY(runner.run(sql::fitting, params));
      ids = read_ids(fit);
    }
    all.insert(all.end(), ids.begin(), ids.end());
    if (last) break;
  }
  return all;
}

Expected<std::vector<Task>> Repository::tasks_by_id(std::span<const TaskId> ids,
                                                    std::optional<TaskStatus> status) {
  const Rows rows = ESTEIRA_TRY(connection_.read(sql::tasks_by_id, by_id_params(ids, status)));
  return read_tasks(rows);
}

Expected<std::optional<Task>> read_task(Runner& runner, TaskId task_id) {
  const auto params = by_id_params(std::array{task_id}, std::nullopt);
  const Rows rows = ESTEIRA_TRY(runner.run(sql::tasks_by_id, params));
  auto tasks = ESTEIRA_TRY(read_tasks(rows));
  if (tasks.empty()) return std::nullopt;
  return std::move(tasks.front());
}

Expected<std::vector<Task>> read_tasks(Runner& runner, std::span<const TaskId> ids) {
  const auto params = by_id_params(ids, std::nullopt);
  const Rows rows = ESTEIRA_TRY(runner.run(sql::tasks_by_id, params));
  return read_tasks(rows);
}

Expected<Execution> read_execution(const Rows& rows, int row, TaskId task_id) {
  return Execution{.execution_id = rows.integer(row, 0),
                   .task_id = task_id,
                   .attempt = rows.small(row, 1),
                   .status = ESTEIRA_TRY(parse_execution_status(rows.text(row, 2))),
                   .started_at = rows.time(row, 3),
                   .completed_at = rows.time_or(row, 4),
                   .error_message = rows.text_or(row, 5),
                   .metadata = ESTEIRA_TRY(read_json(rows, row, 6))};
}

LogLine read_log_line(const Rows& rows, int row) {
  return {.attempt = rows.small(row, 0),
          .line = rows.small(row, 1),
          .at = rows.time(row, 2),
          .level = static_cast<LogLevel>(rows.small(row, 3)),
          .text = std::string{rows.text(row, 4)}};
}

Expected<std::optional<Task>> Repository::task(TaskId task_id, Time /*now*/) {
  const RecursiveLock lock{mutex_};
  auto tasks = ESTEIRA_TRY(tasks_by_id(std::array{task_id}, std::nullopt));
  if (tasks.empty()) return std::nullopt;
  return std::move(tasks.front());
}

// Candidates first, then their rows of the view: each step follows one index, whatever the
// planner thinks of the view as a whole. The looks grow where few candidates pass.
Expected<std::vector<Task>> Repository::tasks(const TaskFilter& filter, Time /*now*/) {
  const RecursiveLock lock{mutex_};
  const auto wanted = static_cast<std::size_t>(
      std::clamp(filter.limit, 0, static_cast<int>(limits::page_items_max)));
  std::vector<Task> page;
  TaskId below = filter.before_id.value_or(std::numeric_limits<TaskId>::max());
  for (int look = static_cast<int>(wanted); page.size() < wanted;
       look = std::min(4 * look, look_max)) {
    const std::string list = candidates_list(filter, look);
    const auto ids = read_ids(ESTEIRA_TRY(connection_.read(list, candidate_params(filter, below))));
    if (ids.empty()) break;
    for (Task& task : ESTEIRA_TRY(tasks_by_id(ids, filter.status))) {
      if (page.size() < wanted) page.push_back(std::move(task));
    }
    if (static_cast<int>(ids.size()) < look) break;
    below = ids.back();
  }
  return page;
}

Expected<std::vector<Execution>> Repository::executions(TaskId task_id) {
  const RecursiveLock lock{mutex_};
  const Rows rows = ESTEIRA_TRY(connection_.read(sql::executions, Params{}.add(task_id)));
  std::vector<Execution> executions;
  for (int row = 0; row < rows.size(); ++row) {
    executions.push_back(ESTEIRA_TRY(read_execution(rows, row, task_id)));
  }
  return executions;
}

Expected<std::vector<LogLine>> Repository::log_lines(TaskId task_id) {
  const RecursiveLock lock{mutex_};
  const Rows rows = ESTEIRA_TRY(connection_.read(sql::log_lines, Params{}.add(task_id)));
  std::vector<LogLine> lines;
  for (int row = 0; row < rows.size(); ++row) lines.push_back(read_log_line(rows, row));
  return lines;
}

}  // namespace esteira::postgres
