#include "engines/sqlite/waiting.hpp"

#include "sqlite_sql.hpp"

namespace esteira::sqlite {

namespace {

std::string_view put_statement(const WaitingTask& task, Time now) {
  if ((task.flags & flag_blocked) != 0) return sql::blocked_insert;
  if (task.run_at > now) return sql::scheduled_insert;
  return (task.flags & flag_flow) != 0 ? sql::queued_insert : sql::ready_insert;
}

}  // namespace

Expected<void> put_waiting(Connection& connection, const WaitingTask& task, Time now) {
  return connection.run(put_statement(task, now), task.type_id, task.priority, task.run_at,
                        task.task_id, task.retries, task.crashes, task.attempt, task.flags);
}

Expected<void> delete_waiting(Connection& connection, const WaitingTask& task) {
  if ((task.flags & flag_blocked) != 0) return connection.run(sql::blocked_delete, task.task_id);
  if ((task.flags & flag_flow) != 0) {
    ESTEIRA_TRY(connection.run(sql::queued_delete, task.task_id));
    if (sqlite3_changes(connection.handle()) > 0) return {};
  }
  ESTEIRA_TRY(
      connection.run(sql::ready_delete, task.type_id, task.priority, task.run_at, task.task_id));
  // A task whose time has come may still wait for its promotion.
  if (sqlite3_changes(connection.handle()) > 0) return {};
  return connection.run(sql::scheduled_delete, task.run_at, task.task_id);
}

}  // namespace esteira::sqlite
