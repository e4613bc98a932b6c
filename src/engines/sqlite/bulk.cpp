// Operations: which tasks, in batches, and each batch with its progress in one transaction.
#include "repository/bulk.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "domain/limits.hpp"
#include "engines/sqlite/operations.hpp"
#include "esteira/json.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

Expected<Operation> read_operation(const Query& row) {
  Operation operation{.operation_id = row.integer(0),
                      .action = ESTEIRA_TRY(parse_bulk_action(row.view(1))),
                      .filter = {.type = row.optional_text(3),
                                 .tag = row.optional_text(4),
                                 .created_after = row.optional_time(5),
                                 .created_before = row.optional_time(6)},
                      .status = ESTEIRA_TRY(parse_operation_status(row.view(7))),
                      .matched = row.integer(8),
                      .done = row.integer(9),
                      .applied = row.integer(10),
                      .skipped = row.integer(11),
                      .error_message = row.optional_text(12),
                      .created_at = row.time(13),
                      .updated_at = row.time(14),
                      .completed_at = row.optional_time(15)};
  if (!row.is_null(2)) operation.filter.status = ESTEIRA_TRY(parse_task_status(row.view(2)));
  return operation;
}

Expected<std::optional<Operation>> find(Connection& connection, std::string_view statement,
                                        std::optional<OperationId> operation_id) {
  auto query = ESTEIRA_TRY(connection.query(statement));
  query.bind(operation_id);
  if (!ESTEIRA_TRY(query.step())) return std::nullopt;
  return ESTEIRA_TRY(read_operation(query));
}

Expected<void> insert_operation(Connection& connection, Operation& operation) {
  const auto& filter = operation.filter;
  std::optional<std::string_view> status;
  if (filter.status) status = to_text(*filter.status);
  ESTEIRA_TRY(connection.run(sql::operation_insert, to_text(operation.action), status, filter.type,
                             filter.tag, filter.created_after, filter.created_before,
                             to_text(operation.status), operation.matched, operation.created_at,
                             operation.completed_at));
  operation.operation_id = sqlite3_last_insert_rowid(connection.handle());
  return {};
}

Expected<void> insert_batches(Connection& connection, OperationId operation_id,
                              std::span<const TaskId> ids) {
  for (int batch = 1; !ids.empty(); ++batch) {
    const auto some = ids.first(std::min(ids.size(), limits::operation_batch_tasks));
    ESTEIRA_TRY(connection.run(sql::operation_batch_insert, operation_id, batch,
                               fmt::format("[{}]", fmt::join(some, ","))));
    ids = ids.subspan(some.size());
  }
  return {};
}

Expected<void> check_room(Connection& connection) {
  auto query = ESTEIRA_TRY(connection.query(sql::operations_running));
  if (!ESTEIRA_TRY(query.step()) || query.integer(0) < limits::operations_running_max) return {};
  return fail(ErrorCode::rate_limited, "too many operations run: wait until one has ended");
}

struct Batch {
  int number = 0;
  std::vector<TaskId> ids;
};

Expected<Batch> next_batch(Connection& connection, OperationId operation_id) {
  auto query = ESTEIRA_TRY(connection.query(sql::operation_batch_next));
  query.bind(operation_id);
  if (!ESTEIRA_TRY(query.step())) {
    return fail(ErrorCode::internal, "an operation that runs has no batch left");
  }
  Batch batch{.number = query.small(0), .ids = {}};
  const auto ids = ESTEIRA_TRY(parse_json(query.view(1)));
  if (!ids.is_array()) return fail(ErrorCode::internal, "an operation's batch is no list");
  for (const auto& id : ids.get_array()) batch.ids.push_back(id.as_int64());
  return batch;
}

Expected<void> write_progress(Connection& connection, const Operation& operation) {
  return connection.run(sql::operation_update, operation.operation_id, to_text(operation.status),
                        operation.done, operation.applied, operation.skipped,
                        operation.error_message, operation.updated_at, operation.completed_at);
}

Expected<void> work_batch(Connection& connection, Operation& operation, Time now) {
  const auto batch = ESTEIRA_TRY(next_batch(connection, operation.operation_id));
  const auto statuses =
      ESTEIRA_TRY(change(connection, operation.action, batch.ids, now, operation.filter.status));
  count_batch(operation, statuses, now);
  ESTEIRA_TRY(connection.run(sql::operation_batch_delete, operation.operation_id, batch.number));
  return write_progress(connection, operation);
}

// After the batch was rolled back.
Expected<std::optional<Operation>> end_failed(Connection& connection, Operation operation,
                                              const Error& error, Time now) {
  fail_operation(operation, error, now);
  auto transaction = ESTEIRA_TRY(Transaction::begin(connection));
  ESTEIRA_TRY(connection.run(sql::operation_batches_delete, operation.operation_id));
  ESTEIRA_TRY(write_progress(connection, operation));
  ESTEIRA_TRY(transaction.commit());
  return operation;
}

}  // namespace

Expected<Operation> start_operation(Connection& connection, BulkAction action,
                                    const OperationFilter& filter, Time now) {
  // Found before the write lock is taken: the look may be long, and nobody shall wait for it.
  auto ids = ESTEIRA_TRY(fitting(connection, tasks_of(filter), limits::operation_tasks_max + 1));
  auto operation = ESTEIRA_TRY(new_operation(action, filter, ids.size(), now));
  std::ranges::reverse(ids);
  auto transaction = ESTEIRA_TRY(Transaction::begin(connection));
  ESTEIRA_TRY(check_room(connection));
  ESTEIRA_TRY(insert_operation(connection, operation));
  ESTEIRA_TRY(insert_batches(connection, operation.operation_id, ids));
  ESTEIRA_TRY(transaction.commit());
  return operation;
}

Expected<std::optional<Operation>> operation(Connection& connection, OperationId operation_id) {
  return find(connection, sql::operation_find, operation_id);
}

Expected<std::optional<Operation>> work_operation(Connection& connection,
                                                  std::optional<OperationId> only, Time now) {
  // Looks without the write lock first: mostly there is none.
  if (!ESTEIRA_TRY(find(connection, sql::operation_next, only))) return std::nullopt;
  std::optional<Operation> operation;
  std::optional<Error> refused;
  {
    auto transaction = ESTEIRA_TRY(Transaction::begin(connection));
    operation = ESTEIRA_TRY(find(connection, sql::operation_next, only));
    if (!operation) return std::nullopt;
    Operation worked = *operation;
    if (auto done = work_batch(connection, worked, now); done) {
      ESTEIRA_TRY(transaction.commit());
      return worked;
    } else {
      refused = std::move(done).error();
    }
  }
  if (is_transient(refused->code)) return std::unexpected(*std::move(refused));
  return end_failed(connection, *std::move(operation), *refused, now);
}

}  // namespace esteira::sqlite
