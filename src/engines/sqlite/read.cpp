#include <algorithm>
#include <limits>

#include <boost/json/array.hpp>

#include "domain/limits.hpp"
#include "engines/sqlite/claim.hpp"
#include "engines/sqlite/operations.hpp"
#include "esteira/json.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

// What is stored was checked when it came in, under limits that a configuration may have changed.
constexpr JsonLimits stored_json{.bytes_max = std::numeric_limits<std::size_t>::max(),
                                 .depth_max = 2 * limits::json_depth_max};

// Execution ids are task ids shifted by 16 bits: no cursor may push them over the edge.
constexpr TaskId ids_end = std::numeric_limits<TaskId>::max() >> 16;

Expected<Json> read_json(const Query& row, int column) {
  if (row.is_null(column)) return Json(nullptr);
  return parse_json(row.view(column), stored_json);
}

Expected<Task> read_task(const Query& row) {
  Task task;
  task.task_id = row.integer(0);
  task.type = row.text(1);
  task.status = ESTEIRA_TRY(parse_task_status(row.view(2)));
  task.priority = row.small(3);
  task.retries = row.small(4);
  task.max_retries = row.small(5);
  task.attempt = row.small(6);
  task.payload = ESTEIRA_TRY(read_json(row, 7));
  task.result = ESTEIRA_TRY(read_json(row, 8));
  task.error_message = row.optional_text(9);
  task.scheduled_for = row.optional_time(10);
  task.started_at = row.optional_time(11);
  task.completed_at = row.optional_time(12);
  task.created_at = row.time(13);
  task.updated_at = row.optional_time(14);
  task.crashes = row.small(15);
  if (!row.is_null(16)) task.progress = row.real(16);
  task.tags = ESTEIRA_TRY(read_texts(row.view(17)));
  task.unique_key = row.optional_text(18);
  task.worker = row.optional_text(19);
  task.traceparent = row.optional_text(20);
  if (!row.is_null(21)) show_terms(read_task_terms(row.view(21)), task);
  return task;
}

// Reads one task if it passes the filter.
Expected<std::optional<Task>> read_matching(Connection& connection, TaskId task_id,
                                            const TaskFilter& filter) {
  std::optional<std::string_view> status;
  if (filter.status) status = to_text(*filter.status);
  auto query = ESTEIRA_TRY(connection.query(sql::task));
  query.bind(task_id, status, filter.type, filter.tag, filter.created_after, filter.created_before);
  if (!ESTEIRA_TRY(query.step())) return std::nullopt;
  return ESTEIRA_TRY(read_task(query));
}

// The statement that yields the fewest candidates, newest first, below ?1; ?2 is a tag, ?3 a type,
// ?4 and ?5 times of creation, ?6 a batch. What it yields is looked at again with the whole filter.
std::string_view candidates(const TaskFilter& filter) {
  if (filter.batch_id) return sql::list_batch;
  if (filter.tag) return sql::list_tagged;
  if (filter.status) {
    switch (*filter.status) {
      case TaskStatus::pending:
        return sql::list_waiting;
      case TaskStatus::processing:
        return sql::list_running;
      case TaskStatus::failed:
        return sql::list_failed;
      case TaskStatus::cancelled:
        return sql::list_cancelled;
      case TaskStatus::completed:
        break;
    }
  }
  return filter.type ? sql::list_of_type : sql::list_all;
}

}  // namespace

Expected<std::optional<Task>> task(Connection& connection, TaskId task_id) {
  return read_matching(connection, task_id, {});
}

Expected<std::vector<Task>> tasks(Connection& connection, const TaskFilter& filter) {
  std::vector<Task> page;
  const auto limit = std::clamp<std::int64_t>(filter.limit, 0, limits::page_items_max);
  auto query = ESTEIRA_TRY(connection.query(candidates(filter)));
  query.bind(std::min(filter.before_id.value_or(ids_end), ids_end), filter.tag, filter.type,
             filter.created_after, filter.created_before, filter.batch_id);
  TaskId last = 0;
  while (std::ssize(page) < limit && ESTEIRA_TRY(query.step())) {
    const auto task_id = query.integer(0);
    // A task that failed, was retried and failed again stands twice in its index, side by side.
    if (task_id == std::exchange(last, task_id)) continue;
    auto task = ESTEIRA_TRY(read_matching(connection, task_id, filter));
    if (task) page.push_back(std::move(*task));
  }
  return page;
}

Expected<std::vector<TaskId>> fitting(Connection& connection, const TaskFilter& filter,
                                      std::size_t limit) {
  std::optional<std::string_view> status;
  if (filter.status) status = to_text(*filter.status);
  std::vector<TaskId> ids;
  auto query = ESTEIRA_TRY(connection.query(candidates(filter)));
  query.bind(ids_end, filter.tag, filter.type, filter.created_after, filter.created_before,
             filter.batch_id);
  TaskId last = 0;
  while (ids.size() < limit && ESTEIRA_TRY(query.step())) {
    const auto task_id = query.integer(0);
    if (task_id == std::exchange(last, task_id)) continue;
    auto fits = ESTEIRA_TRY(connection.query(sql::task_fits));
    fits.bind(task_id, status, filter.type, filter.tag, filter.created_after,
              filter.created_before);
    if (ESTEIRA_TRY(fits.step())) ids.push_back(task_id);
  }
  return ids;
}

Expected<std::vector<Execution>> executions(Connection& connection, TaskId task_id) {
  auto query = ESTEIRA_TRY(connection.query(sql::executions));
  query.bind(task_id);
  std::vector<Execution> executions;
  while (ESTEIRA_TRY(query.step())) {
    const auto execution_id = query.integer(0);
    executions.push_back({.execution_id = execution_id,
                          .task_id = execution_id >> 16,
                          .attempt = static_cast<int>(execution_id & 0xffff),
                          .status = ESTEIRA_TRY(parse_execution_status(query.view(1))),
                          .started_at = query.time(2),
                          .completed_at = query.optional_time(3),
                          .error_message = query.optional_text(4),
                          .metadata = ESTEIRA_TRY(read_json(query, 5))});
  }
  return executions;
}

Expected<std::vector<LogLine>> log_lines(Connection& connection, TaskId task_id) {
  auto query = ESTEIRA_TRY(connection.query(sql::log_lines));
  query.bind(task_id);
  std::vector<LogLine> lines;
  while (ESTEIRA_TRY(query.step())) {
    lines.push_back({.attempt = query.small(0),
                     .line = query.small(1),
                     .at = query.time(2),
                     .level = static_cast<LogLevel>(query.small(3)),
                     .text = query.text(4)});
  }
  return lines;
}

namespace {

Expected<WorkerRecord> read_worker(const Query& row) {
  return WorkerRecord{.name = row.text(0),
                      .host = row.text(1),
                      .pid = row.small(2),
                      .version = row.text(3),
                      .types = ESTEIRA_TRY(read_texts(row.view(4))),
                      .slots = row.small(5),
                      .started_at = row.time(6),
                      .heartbeat_at = row.time(7),
                      .command = static_cast<WorkerCommand>(row.small(8))};
}

}  // namespace

Expected<void> put_worker(Connection& connection, const WorkerRecord& worker) {
  const auto types = to_text(Json(JsonArray(worker.types.begin(), worker.types.end())));
  return connection.run(sql::worker_put, worker.name, worker.host, worker.pid, worker.version,
                        types, worker.slots, worker.started_at, worker.heartbeat_at);
}

Expected<void> remove_worker(Connection& connection, const std::string& name) {
  return connection.run(sql::worker_delete, name);
}

Expected<std::vector<WorkerRecord>> workers(Connection& connection) {
  auto query = ESTEIRA_TRY(connection.query(sql::workers));
  std::vector<WorkerRecord> workers;
  while (ESTEIRA_TRY(query.step())) workers.push_back(ESTEIRA_TRY(read_worker(query)));
  return workers;
}

Expected<std::optional<WorkerRecord>> worker(Connection& connection, const std::string& name) {
  auto query = ESTEIRA_TRY(connection.query(sql::worker_by_name));
  query.bind(name);
  if (!ESTEIRA_TRY(query.step())) return std::nullopt;
  return ESTEIRA_TRY(read_worker(query));
}

Expected<std::optional<WorkerCommand>> touch_worker(Connection& connection, const std::string& name,
                                                    Time now) {
  auto query = ESTEIRA_TRY(connection.query(sql::worker_touch));
  query.bind(name, now);
  if (!ESTEIRA_TRY(query.step())) return std::nullopt;
  const auto command = static_cast<WorkerCommand>(query.small(0));
  while (ESTEIRA_TRY(query.step())) continue;
  return command;
}

Expected<bool> command_worker(Connection& connection, const std::string& name,
                              WorkerCommand command) {
  auto query = ESTEIRA_TRY(connection.query(sql::worker_command));
  query.bind(name, static_cast<int>(command));
  const bool found = ESTEIRA_TRY(query.step());
  while (found && ESTEIRA_TRY(query.step())) continue;
  return found;
}

}  // namespace esteira::sqlite
