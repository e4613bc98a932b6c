// A waiting task is edited: its order is changed, and its row in the queue is put anew.
#include <algorithm>

#include "engines/sqlite/operations.hpp"
#include "engines/sqlite/place.hpp"
#include "engines/sqlite/unique.hpp"
#include "esteira/json.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

Expected<void> write_order(Connection& connection, TaskId task_id, const TaskEditRow& edit) {
  std::optional<std::string> tags;
  if (edit.tags) {
    // Found through the order, so before that is changed.
    ESTEIRA_TRY(connection.run(sql::erase_tags, task_id));
    if (!edit.tags->empty()) tags = to_text(Json(JsonArray(edit.tags->begin(), edit.tags->end())));
    for (const auto& tag : *edit.tags) ESTEIRA_TRY(connection.run(sql::tag_insert, tag, task_id));
  }
  return connection.run(sql::request_edit, task_id, edit.payload, edit.priority, edit.reschedules,
                        edit.scheduled_for, edit.tags.has_value(), tags, edit.flow_key);
}

Expected<void> write_cipher(Connection& connection, TaskId task_id, const TaskEditRow& edit) {
  ESTEIRA_TRY(put_cipher(connection, task_id, *edit.cipher));
  if (edit.drops_checkpoint) ESTEIRA_TRY(connection.run(sql::checkpoint_delete, task_id));
  auto terms = ESTEIRA_TRY(read_terms(connection, task_id));
  if (terms.encrypted) return {};
  terms.encrypted = true;
  return write_terms(connection, task_id, terms);
}

Expected<void> move(Connection& connection, WaitingTask task, const TaskEditRow& edit, Time now) {
  ESTEIRA_TRY(delete_waiting(connection, task));
  // Its type may have got flows since it was created.
  if (edit.flow_key) task.flags |= flag_flow;
  std::optional<Time> run_at;
  if (edit.reschedules) run_at = edit.scheduled_for.value_or(std::min(task.run_at, now));
  ESTEIRA_TRY(connection.run(sql::edit_put, task.task_id, task.attempt, now, run_at));
  task.priority = edit.priority.value_or(task.priority);
  task.run_at = run_at.value_or(task.run_at);
  return put_waiting(connection, task, now);
}

}  // namespace

Expected<void> edit_waiting(Connection& connection, const WaitingTask& task,
                            const TaskEditRow& edit, Time now) {
  ESTEIRA_TRY(write_order(connection, task.task_id, edit));
  if (edit.cipher) ESTEIRA_TRY(write_cipher(connection, task.task_id, edit));
  return move(connection, task, edit, now);
}

Expected<EditAnswer> edit(Connection& connection, TaskId task_id, const TaskEditRow& edit,
                          Time now) {
  const auto place = ESTEIRA_TRY(find_place(connection, task_id));
  if (!place) return EditAnswer{.status = ChangeStatus::not_found};
  if (place->status != TaskStatus::pending) return EditAnswer{.status = ChangeStatus::wrong_status};
  EditAnswer answer{.status = ChangeStatus::applied,
                    .before = ESTEIRA_TRY(task(connection, task_id))};
  ESTEIRA_TRY(edit_waiting(connection, place->waiting, edit, now));
  ESTEIRA_TRY(write_change(connection, {task_id}, now));
  answer.after = ESTEIRA_TRY(task(connection, task_id));
  return answer;
}

}  // namespace esteira::sqlite
