// Operations: which tasks, in batches, and each batch with its progress in one transaction, under a
// lock of the operation's row that another process passes over.
#include "repository/bulk.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "domain/limits.hpp"
#include "engines/postgres/change.hpp"
#include "engines/postgres/repository.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

namespace {

static_assert(limits::operation_batch_tasks <= change_tasks_max);

Expected<Operation> read_operation(const Rows& rows, int row) {
  Operation operation{.operation_id = rows.integer(row, 0),
                      .action = ESTEIRA_TRY(parse_bulk_action(rows.text(row, 1))),
                      .filter = {.type = rows.text_or(row, 3),
                                 .tag = rows.text_or(row, 4),
                                 .created_after = rows.time_or(row, 5),
                                 .created_before = rows.time_or(row, 6)},
                      .status = ESTEIRA_TRY(parse_operation_status(rows.text(row, 7))),
                      .matched = rows.integer(row, 8),
                      .done = rows.integer(row, 9),
                      .applied = rows.integer(row, 10),
                      .skipped = rows.integer(row, 11),
                      .error_message = rows.text_or(row, 12),
                      .created_at = rows.time(row, 13),
                      .updated_at = rows.time(row, 14),
                      .completed_at = rows.time_or(row, 15)};
  if (!rows.null(row, 2)) {
    operation.filter.status = ESTEIRA_TRY(parse_task_status(rows.text(row, 2)));
  }
  return operation;
}

Expected<void> insert_operation(Runner& runner, Operation& operation) {
  const auto& filter = operation.filter;
  std::optional<std::string_view> status, type, tag;
  if (filter.status) status = to_text(*filter.status);
  if (filter.type) type = *filter.type;
  if (filter.tag) tag = *filter.tag;
  Params params;
  params.add(to_text(operation.action))
      .add(status)
      .add(type)
      .add(tag)
      .add(filter.created_after)
      .add(filter.created_before)
      .add(to_text(operation.status))
      .add(operation.matched)
      .add(operation.created_at)
      .add(operation.completed_at);
  const Rows rows = ESTEIRA_TRY(runner.run(sql::operation_insert, params));
  operation.operation_id = rows.integer(0, 0);
  return {};
}

Expected<void> insert_batches(Runner& runner, OperationId operation_id,
                              std::span<const TaskId> ids) {
  if (ids.empty()) return {};
  Params params;
  params.add(operation_id)
      .array<std::int64_t>(ids)
      .add(static_cast<std::int64_t>(limits::operation_batch_tasks));
  ESTEIRA_TRY(runner.run(sql::operation_batches_insert, params));
  return {};
}

Expected<void> write_progress(Runner& runner, const Operation& operation) {
  std::optional<std::string_view> error_message;
  if (operation.error_message) error_message = *operation.error_message;
  Params params;
  params.add(operation.operation_id)
      .add(to_text(operation.status))
      .add(operation.done)
      .add(operation.applied)
      .add(operation.skipped)
      .add(error_message)
      .add(operation.updated_at)
      .add(operation.completed_at);
  ESTEIRA_TRY(runner.run(sql::operation_update, params));
  return {};
}

Expected<void> work_batch(Runner& runner, Operation& operation, int shard, Time now) {
  const Rows batch =
      ESTEIRA_TRY(runner.run(sql::operation_batch_take, Params{}.add(operation.operation_id)));
  if (batch.size() == 0) {
    return fail(ErrorCode::internal, "an operation that runs has no batch left");
  }
  const auto ids = batch.integers(0, 0);
  const auto statuses =
      ESTEIRA_TRY(change_within(runner, operation.action, ids,
                                {.now = now, .shard = shard, .only = operation.filter.status}));
  count_batch(operation, statuses, now);
  return write_progress(runner, operation);
}

// After the batch was rolled back. Whoever took the operation over meanwhile has its own say.
Expected<std::optional<Operation>> end_failed(Connection& connection, OperationId operation_id,
                                              const Error& error, Time now) {
  Transaction transaction{connection};
  ESTEIRA_TRY(transaction.begin());
  const Rows taken =
      ESTEIRA_TRY(transaction.run(sql::operation_take, Params{}.add(std::optional{operation_id})));
  if (taken.size() == 0) return std::nullopt;
  auto operation = ESTEIRA_TRY(read_operation(taken, 0));
  fail_operation(operation, error, now);
  ESTEIRA_TRY(transaction.run(sql::operation_batches_delete, Params{}.add(operation_id)));
  ESTEIRA_TRY(write_progress(connection, operation));
  ESTEIRA_TRY(transaction.commit());
  return operation;
}

}  // namespace

Expected<Operation> Repository::start_operation(BulkAction action, const OperationFilter& filter,
                                                Time now) {
  const RecursiveLock lock{mutex_};
  Transaction transaction{connection_};
  ESTEIRA_TRY(transaction.begin());
  const Rows running = ESTEIRA_TRY(transaction.run(sql::operations_running));
  if (running.integer(0, 0) >= limits::operations_running_max) {
    return fail(ErrorCode::rate_limited, "too many operations run: wait until one has ended");
  }
  auto ids = ESTEIRA_TRY(fitting(connection_, tasks_of(filter), limits::operation_tasks_max + 1));
  auto operation = ESTEIRA_TRY(new_operation(action, filter, ids.size(), now));
  std::ranges::reverse(ids);
  ESTEIRA_TRY(insert_operation(connection_, operation));
  ESTEIRA_TRY(insert_batches(connection_, operation.operation_id, ids));
  ESTEIRA_TRY(transaction.commit());
  return operation;
}

Expected<std::optional<Operation>> Repository::operation(OperationId operation_id) {
  const RecursiveLock lock{mutex_};
  const Rows rows = ESTEIRA_TRY(connection_.read(sql::operation_find, Params{}.add(operation_id)));
  if (rows.size() == 0) return std::nullopt;
  return ESTEIRA_TRY(read_operation(rows, 0));
}

Expected<std::optional<Operation>> Repository::work_operation(std::optional<OperationId> only,
                                                              Time now) {
  const RecursiveLock lock{mutex_};
  // One round trip while there is none, which is mostly.
  const Rows running = ESTEIRA_TRY(connection_.read(sql::operations_running));
  if (running.integer(0, 0) == 0) return std::nullopt;
  OperationId operation_id = 0;
  std::optional<Error> refused;
  {
    Transaction transaction{connection_};
    ESTEIRA_TRY(transaction.begin());
    const Rows taken = ESTEIRA_TRY(transaction.run(sql::operation_take, Params{}.add(only)));
    if (taken.size() == 0) return std::nullopt;
    auto operation = ESTEIRA_TRY(read_operation(taken, 0));
    operation_id = operation.operation_id;
    if (auto done = work_batch(connection_, operation, shard_, now); done) {
      ESTEIRA_TRY(transaction.commit());
      return operation;
    } else {
      refused = std::move(done).error();
    }
  }
  if (is_transient(refused->code)) return std::unexpected(*std::move(refused));
  return end_failed(connection_, operation_id, *refused, now);
}

}  // namespace esteira::postgres
