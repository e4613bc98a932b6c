// Batches: counted groups of tasks, cancelled and retried as a whole.
#include "domain/dependencies.hpp"
#include "domain/limits.hpp"
#include "engines/sqlite/dependents.hpp"
#include "engines/sqlite/operations.hpp"
#include "engines/sqlite/unique.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

TaskBatch read_batch(const Query& row) {
  TaskBatch batch{.batch_no = row.integer(0),
                  .batch_id = row.text(1),
                  .created_at = row.time(2),
                  .closed_at = row.optional_time(3),
                  .finished_at = row.optional_time(4),
                  .finish_task_id = std::nullopt,
                  .pending = row.integer(6),
                  .completed = row.integer(7),
                  .failed = row.integer(8),
                  .cancelled = row.integer(9)};
  if (!row.is_null(5)) batch.finish_task_id = row.integer(5);
  return batch;
}

// Members by how they are counted, in the order of their ids.
Expected<std::vector<TaskId>> members(Connection& connection, std::int64_t batch_no,
                                      TaskStatus counted, std::size_t limit) {
  std::vector<TaskId> ids;
  auto query = ESTEIRA_TRY(connection.query(sql::batch_members));
  query.bind(batch_no, static_cast<int>(counted), limit);
  while (ESTEIRA_TRY(query.step())) ids.push_back(query.integer(0));
  return ids;
}

void count(std::span<const ChangeStatus> statuses, BatchChange& change) {
  for (const auto status : statuses) {
    if (status == ChangeStatus::applied) ++change.applied;
    if (status == ChangeStatus::requested) ++change.requested;
  }
}

// What a retry of the batch may take along, and how their other parents stand.
struct EndedMembers {
  std::vector<EndedTask> tasks;
  std::map<TaskId, TaskStatus> standing;
  bool more = false;
};

Expected<EndedMembers> ended_badly(Connection& connection, std::int64_t batch_no) {
  constexpr std::size_t most = limits::batch_changes_max;
  auto ids = ESTEIRA_TRY(members(connection, batch_no, TaskStatus::failed, most + 1));
  const auto cancelled =
      ESTEIRA_TRY(members(connection, batch_no, TaskStatus::cancelled, most + 1));
  ids.insert(ids.end(), cancelled.begin(), cancelled.end());
  EndedMembers found{.tasks = {}, .standing = {}, .more = ids.size() > most};
  if (found.more) ids.resize(most);
  for (const auto task_id : ids) {
    const auto place = ESTEIRA_TRY(find_place(connection, task_id));
    if (!place || !has_ended(place->status)) continue;
    found.tasks.push_back(
        {.task_id = task_id, .terms = ESTEIRA_TRY(read_terms(connection, task_id))});
  }
  for (const auto& task : found.tasks) {
    for (const auto parent : task.terms.depends_on) {
      if (found.standing.contains(parent)) continue;
      const auto place = ESTEIRA_TRY(find_place(connection, parent));
      if (place) found.standing.emplace(parent, place->status);
    }
  }
  return found;
}

// Lets the finish task, where it has ended, wait for the batch once more.
Expected<void> retry_finish_task(Connection& connection, const TaskBatch& batch, Time now) {
  if (!batch.finish_task_id) return {};
  const auto task_id = *batch.finish_task_id;
  const auto statuses = ESTEIRA_TRY(change(connection, BulkAction::retry, {&task_id, 1}, now));
  if (statuses.front() != ChangeStatus::applied) return {};
  const auto place = ESTEIRA_TRY(find_place(connection, task_id));
  if (!place) return {};
  auto waiting = place->waiting;
  ESTEIRA_TRY(delete_waiting(connection, waiting));
  waiting.flags |= flag_blocked;
  ESTEIRA_TRY(put_waiting(connection, waiting, now));
  const TaskId node = -batch.batch_no;
  return wait_for(connection, task_id, {&node, 1});
}

Expected<TaskBatch> read_again(Connection& connection, const std::string& batch_id) {
  auto found = ESTEIRA_TRY(batch(connection, batch_id));
  if (!found) return fail(ErrorCode::internal, "a batch is gone in the middle of its change");
  return *std::move(found);
}

}  // namespace

Expected<std::optional<TaskBatch>> batch(Connection& connection, const std::string& batch_id) {
  auto query = ESTEIRA_TRY(connection.query(sql::batch_find));
  query.bind(batch_id);
  if (!ESTEIRA_TRY(query.step())) return std::nullopt;
  return read_batch(query);
}

Expected<TaskBatch> create_batch(Connection& connection, const std::string& batch_id,
                                 const std::optional<NewTaskRow>& finish, Time now) {
  if (ESTEIRA_TRY(batch(connection, batch_id))) return batch_exists(batch_id);
  ESTEIRA_TRY(connection.run(sql::batch_insert, batch_id, now));
  if (finish) {
    const auto made = ESTEIRA_TRY(read_again(connection, batch_id));
    const auto task_id = ESTEIRA_TRY(insert_blocked(connection, *finish, -made.batch_no, now));
    ESTEIRA_TRY(connection.run(sql::batch_finish_task, made.batch_no, task_id));
  }
  return read_again(connection, batch_id);
}

Expected<std::optional<TaskBatch>> close_batch(Connection& connection, const std::string& batch_id,
                                               Time now) {
  const auto found = ESTEIRA_TRY(batch(connection, batch_id));
  if (!found) return std::nullopt;
  ESTEIRA_TRY(connection.run(sql::batch_close, found->batch_no, now));
  ESTEIRA_TRY(look_at_batch(connection, found->batch_no, now));
  ESTEIRA_TRY(tell_and_note(connection, now));
  return batch(connection, batch_id);
}

Expected<std::optional<BatchChange>> cancel_batch(Connection& connection,
                                                  const std::string& batch_id, Time now) {
  const auto closed = ESTEIRA_TRY(batch(connection, batch_id));
  if (!closed) return std::nullopt;
  ESTEIRA_TRY(connection.run(sql::batch_close, closed->batch_no, now));
  BatchChange change_made;
  if (closed->finish_task_id) {
    const auto finish = *closed->finish_task_id;
    count(ESTEIRA_TRY(change(connection, BulkAction::cancel, {&finish, 1}, now)), change_made);
  }
  constexpr std::size_t most = limits::batch_changes_max;
  auto ids = ESTEIRA_TRY(members(connection, closed->batch_no, TaskStatus::pending, most + 1));
  change_made.more = ids.size() > most;
  if (change_made.more) ids.resize(most);
  count(ESTEIRA_TRY(change(connection, BulkAction::cancel, ids, now)), change_made);
  ESTEIRA_TRY(look_at_batch(connection, closed->batch_no, now));
  change_made.batch = ESTEIRA_TRY(read_again(connection, batch_id));
  return change_made;
}

Expected<std::optional<BatchChange>> retry_batch(Connection& connection,
                                                 const std::string& batch_id, Time now) {
  const auto found = ESTEIRA_TRY(batch(connection, batch_id));
  if (!found) return std::nullopt;
  const auto ended = ESTEIRA_TRY(ended_badly(connection, found->batch_no));
  const auto ids = plan_retry(ended.tasks, ended.standing);
  BatchChange change_made{.batch = {}, .more = ended.more};
  if (!ids.empty()) {
    ESTEIRA_TRY(retry_finish_task(connection, *found, now));
    count(ESTEIRA_TRY(change(connection, BulkAction::retry, ids, now)), change_made);
  }
  change_made.batch = ESTEIRA_TRY(read_again(connection, batch_id));
  return change_made;
}

}  // namespace esteira::sqlite
