#include "engines/sqlite/unique.hpp"

#include "engines/sqlite/operations.hpp"
#include "engines/sqlite/place.hpp"
#include "repository/unique.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
Expected<bool> take_key(Connection& connection, const WaitingTask& task, std::string_view key,
                        const TaskTerms& terms, Time now) {
  ESTEIRA_TRY(connection.run(sql::unique_take, task.type_id, key, task.task_id,
                             stored_scope(terms.unique_scope), terms.unique_until, now));
  return sqlite3_changes(connection.handle()) > 0;
}

Expected<TaskId> holder_of(Connection& connection, TypeId type_id, std::string_view key) {
  auto query = ESTEIRA_TRY(connection.query(sql::unique_holder));
  query.bind(type_id, key);
  if (!ESTEIRA_TRY(query.step())) return fail(ErrorCode::internal, "a unique key has no holder");
  return query.integer(0);
}

int key_flags(const NewTaskRow& row) {
  if (!row.unique_key) return 0;
  switch (row.terms.unique_scope) {
    case UniqueScope::active:
      return flag_unique;
    case UniqueScope::waiting:
      return flag_unique_start;
    case UniqueScope::window:
      return 0;
  }
  return 0;
}

Expected<void> start_key(Connection& connection, const Claim& claim) {
  if (!claim.unique_key) return {};
  return connection.run(sql::unique_start, claim.type_id, *claim.unique_key, claim.fence.task_id);
}

Expected<TaskTerms> read_terms(Connection& connection, TaskId task_id) {
  auto query = ESTEIRA_TRY(connection.query(sql::terms_find));
  query.bind(task_id);
  if (!ESTEIRA_TRY(query.step()) || query.is_null(0)) return TaskTerms{};
  return read_task_terms(query.view(0));
}

Expected<void> write_terms(Connection& connection, TaskId task_id, const TaskTerms& terms) {
  return connection.run(sql::terms_put, task_id, stored_terms(terms));
}

Expected<bool> replace_waiting(Connection& connection, TaskId holder, const NewTaskRow& row,
                               Time now) {
  const auto place = ESTEIRA_TRY(find_place(connection, holder));
  if (!place || place->status != TaskStatus::pending) return false;
  TaskEditRow edit;
  edit.payload = row.payload;
  if (row.seal) {
    auto sealed = ESTEIRA_TRY(row.seal(holder));
    edit.payload = std::move(sealed.payload);
    edit.cipher = std::move(sealed.cipher);
    edit.drops_checkpoint = true;
  }
  edit.flow_key = row.terms.flow_key;
  edit.priority = row.priority;
  edit.reschedules = true;
  edit.scheduled_for = row.scheduled_for;
  ESTEIRA_TRY(edit_waiting(connection, place->waiting, edit, now));
  auto terms = ESTEIRA_TRY(read_terms(connection, holder));
  if (terms.encrypted && !row.seal) {
    // The new payload is plain, and what the old key has enciphered goes with it.
    ESTEIRA_TRY(connection.run(sql::cipher_delete, holder));
    ESTEIRA_TRY(connection.run(sql::checkpoint_delete, holder));
    terms.encrypted = false;
    ESTEIRA_TRY(write_terms(connection, holder, terms));
  }
  if (terms.expires_at == row.terms.expires_at) return true;
  terms.expires_at = row.terms.expires_at;
  ESTEIRA_TRY(write_terms(connection, holder, terms));
  if (terms.expires_at) {
    ESTEIRA_TRY(connection.run(sql::expiry_insert, *terms.expires_at, holder));
  }
  return true;
}

}  // namespace esteira::sqlite
