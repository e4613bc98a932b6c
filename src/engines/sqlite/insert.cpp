#include <fmt/format.h>

#include "domain/dependencies.hpp"
#include "domain/limits.hpp"
#include "engines/sqlite/dependents.hpp"
#include "engines/sqlite/operations.hpp"
#include "engines/sqlite/unique.hpp"
#include "engines/sqlite/waiting.hpp"
#include "esteira/json.hpp"
#include "repository/unique.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

class Inserter {
 public:
  Inserter(Connection& connection, TaskId first_id, Time now)
      : connection_(connection), first_id_(first_id), next_id_(first_id), now_(now) {}

  // `place`: of the row among those of the call. `held`: the task may not run yet, whatever its row
  // says.
  Expected<InsertedTask> insert(const NewTaskRow& row, std::size_t place, bool held) {
    if (row.idempotency_key) {
      if (auto earlier = ESTEIRA_TRY(find_earlier(row))) return *earlier;
    }
    ESTEIRA_TRY(check_type(row.type_id));
    const auto task_id = next_id_++;
    if (row.unique_key) {
      const WaitingTask taker{.type_id = row.type_id, .task_id = task_id};
      if (!ESTEIRA_TRY(take_key(connection_, taker, *row.unique_key, row.terms, now_))) {
        return answer_with_holder(row);
      }
    }
    ESTEIRA_TRY(write_request(row, task_id));
    if (row.terms.expires_at) {
      ESTEIRA_TRY(connection_.run(sql::expiry_insert, *row.terms.expires_at, task_id));
    }
    if (row.terms.batch_id) {
      const auto joined = ESTEIRA_TRY(join_batch(connection_, *row.terms.batch_id, task_id, now_));
      if (!joined) return batch_is_closed(place, *row.terms.batch_id);
    }
    ESTEIRA_TRY(put_waiting(connection_,
                            {.type_id = row.type_id,
                             .priority = row.priority,
                             .run_at = row.scheduled_for.value_or(now_),
                             .task_id = task_id,
                             .flags = key_flags(row) | (row.terms.flow_key ? flag_flow : 0) |
                                      (held ? flag_blocked : 0)},
                            now_));
    ESTEIRA_TRY(keep_idempotency_key(row, task_id));
    changed_.push_back(task_id);
    return InsertedTask{.task_id = task_id};
  }
  // Which tasks are new or were replaced.
  [[nodiscard]] std::vector<TaskId> take_changed() { return std::move(changed_); }

 private:
  Expected<std::optional<InsertedTask>> find_earlier(const NewTaskRow& row) {
    {
      auto query = ESTEIRA_TRY(connection_.query(sql::idempotency_find));
      query.bind(*row.idempotency_key);
      if (!ESTEIRA_TRY(query.step())) return std::nullopt;
      if (query.time(2) > now_ - limits::idempotency_kept) {
        const auto task_id = query.integer(1);
        if (query.view(0) == row.idempotency_hash) {
          return InsertedTask{.task_id = task_id, .created = false};
        }
        return std::unexpected(
            Error{.code = ErrorCode::invalid_argument,
                  .message = "the idempotency key was used for another task before",
                  .task_id = task_id});
      }
    }
    ESTEIRA_TRY(connection_.run(sql::idempotency_delete, *row.idempotency_key));
    return std::nullopt;
  }

  Expected<void> check_type(TypeId type_id) {
    if (type_id == known_type_) return {};
    auto query = ESTEIRA_TRY(connection_.query(sql::type_exists));
    query.bind(type_id);
    if (!ESTEIRA_TRY(query.step())) {
      return fail(ErrorCode::not_found, fmt::format("there is no task type {}", type_id));
    }
    known_type_ = type_id;
    return {};
  }

  Expected<InsertedTask> answer_with_holder(const NewTaskRow& row) {
    const auto holder = ESTEIRA_TRY(holder_of(connection_, row.type_id, *row.unique_key));
    if (row.on_conflict == OnConflict::refuse) return refuse(row, holder);
    if (row.on_conflict == OnConflict::replace) {
      if (!ESTEIRA_TRY(replace_waiting(connection_, holder, row, now_))) return refuse(row, holder);
      changed_.push_back(holder);
    }
    ESTEIRA_TRY(keep_idempotency_key(row, holder));
    return InsertedTask{.task_id = holder, .created = false};
  }

  std::unexpected<Error> refuse(const NewTaskRow& row, TaskId holder) const {
    // A holder of this very batch does not exist once the batch is undone.
    if (holder >= first_id_) return unique_conflict_of_batch();
    return unique_conflict(row.on_conflict, holder);
  }

  Expected<void> keep_idempotency_key(const NewTaskRow& row, TaskId task_id) {
    if (!row.idempotency_key) return {};
    return connection_.run(sql::idempotency_insert, *row.idempotency_key, row.idempotency_hash,
                           task_id, now_);
  }

  Expected<void> write_request(const NewTaskRow& row, TaskId task_id) {
    SealedPayload sealed;
    if (row.seal) {
      sealed = ESTEIRA_TRY(row.seal(task_id));
      ESTEIRA_TRY(put_cipher(connection_, task_id, sealed.cipher));
    }
    const std::string& payload = row.seal ? sealed.payload : row.payload;
    std::optional<std::string> tags;
    if (!row.tags.empty()) {
      tags = to_text(Json(JsonArray(row.tags.begin(), row.tags.end())));
    }
    ESTEIRA_TRY(connection_.run(sql::request_insert, task_id, row.type_id, row.priority,
                                row.max_retries, row.scheduled_for, now_, row.timeout,
                                row.unique_key, row.traceparent, tags, payload,
                                stored_terms(row.terms)));
    for (const auto& tag : row.tags) {
      ESTEIRA_TRY(connection_.run(sql::tag_insert, tag, task_id));
    }
    return {};
  }

  Connection& connection_;
  const TaskId first_id_;
  TaskId next_id_;
  const Time now_;
  std::optional<TypeId> known_type_;
  std::vector<TaskId> changed_;
};

bool depends(const NewTaskRow& row) {
  return !row.terms.depends_on.empty() || !row.parents.empty();
}

// Once all rows of a call have their tasks: those that depend on others wait for them.
Expected<void> hold_dependants(Connection& connection, std::span<const NewTaskRow> rows,
                               std::span<const InsertedTask> inserted, Time now) {
  bool any = false;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!inserted[i].created || !depends(rows[i])) continue;
    any = true;
    auto terms = rows[i].terms;
    for (const auto parent : rows[i].parents) {
      terms.depends_on.push_back(inserted[parent].task_id);
    }
    ESTEIRA_TRY(hold_back(connection, inserted[i].task_id, terms, i, now));
    if (!rows[i].parents.empty()) {
      ESTEIRA_TRY(write_terms(connection, inserted[i].task_id, terms));
    }
  }
  return any ? tell_and_note(connection, now) : Expected<void>{};
}

Expected<TaskId> take_ids(Connection& connection, std::size_t count) {
  auto query = ESTEIRA_TRY(connection.query(sql::ids_take));
  query.bind(count);
  if (!ESTEIRA_TRY(query.step())) return fail(ErrorCode::internal, "the task ids are missing");
  const auto last = query.integer(0);
  // An UPDATE with RETURNING is done only when it has been stepped to its end.
  static_cast<void>(ESTEIRA_TRY(query.step()));
  return last - static_cast<TaskId>(count) + 1;
}

// What is done inside a savepoint of the caller's transaction.
Expected<std::vector<InsertedTask>> insert_in_savepoint(Connection& connection,
                                                        std::span<const NewTaskRow> rows,
                                                        Time now) {
  ESTEIRA_TRY(connection.run("SAVEPOINT esteira_insert"));
  auto inserted = insert(connection, rows, now);
  if (!inserted) ESTEIRA_TRY(connection.run("ROLLBACK TO esteira_insert"));
  ESTEIRA_TRY(connection.run("RELEASE esteira_insert"));
  return inserted;
}

// The automatic checkpoint of the caller's connection could meet a commit of ours: see
// Checkpointer. A hook that the caller set itself answers 0 here and is left alone.
Expected<void> stop_automatic_checkpoints(Connection& connection) {
  {
    auto query = ESTEIRA_TRY(connection.query("PRAGMA main.wal_autocheckpoint"));
    if (!ESTEIRA_TRY(query.step()) || query.integer(0) <= 0) return {};
  }
  sqlite3_wal_autocheckpoint(connection.handle(), 0);
  sqlite3_db_config(connection.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  return {};
}

}  // namespace

Expected<std::vector<InsertedTask>> insert(Connection& connection, std::span<const NewTaskRow> rows,
                                           Time now) {
  std::vector<InsertedTask> inserted;
  if (rows.empty()) return inserted;
  Inserter inserter(connection, ESTEIRA_TRY(take_ids(connection, rows.size())), now);
  inserted.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    inserted.push_back(ESTEIRA_TRY(inserter.insert(rows[i], i, depends(rows[i]))));
  }
  ESTEIRA_TRY(write_change(connection, inserter.take_changed(), now));
  ESTEIRA_TRY(hold_dependants(connection, rows, inserted, now));
  return inserted;
}

Expected<TaskId> insert_blocked(Connection& connection, const NewTaskRow& row, TaskId parent,
                                Time now) {
  Inserter inserter(connection, ESTEIRA_TRY(take_ids(connection, 1)), now);
  const auto inserted = ESTEIRA_TRY(inserter.insert(row, 0, /*held=*/true));
  ESTEIRA_TRY(wait_for(connection, inserted.task_id, {&parent, 1}));
  ESTEIRA_TRY(write_change(connection, inserter.take_changed(), now));
  return inserted.task_id;
}

Expected<std::vector<InsertedTask>> insert_within(sqlite3* handle, std::span<const NewTaskRow> rows,
                                                  Time now) {
  if (handle == nullptr) return fail(ErrorCode::invalid_argument, "the connection is null");
  if (sqlite3_get_autocommit(handle) != 0) {
    return fail(ErrorCode::invalid_argument, "no transaction is open on this connection");
  }
  auto connection = Connection::adopt(handle);
  {
    auto exists = ESTEIRA_TRY(connection.query(sql::schema_exists));
    if (!ESTEIRA_TRY(exists.step())) {
      return fail(ErrorCode::invalid_argument,
                  "this connection's database holds no task tables; open the same file");
    }
  }
  ESTEIRA_TRY(stop_automatic_checkpoints(connection));
  return insert_in_savepoint(connection, rows, now);
}

}  // namespace esteira::sqlite
