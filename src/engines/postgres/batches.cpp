// Batches: counted groups of tasks, cancelled and retried as a whole.
#include <algorithm>
#include <array>

#include "base/assert.hpp"
#include "domain/dependencies.hpp"
#include "domain/limits.hpp"
#include "engines/postgres/dependents.hpp"
#include "engines/postgres/repository.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

namespace {

std::optional<Time> time_or(const Rows& rows, int row, int column) {
  if (rows.null(row, column)) return std::nullopt;
  return rows.time(row, column);
}

TaskBatch read_batch(const Rows& rows) {
  TaskBatch batch{.batch_no = rows.integer(0, 0),
                  .batch_id = std::string(rows.text(0, 1)),
                  .created_at = rows.time(0, 2),
                  .closed_at = time_or(rows, 0, 3),
                  .finished_at = time_or(rows, 0, 4),
                  .finish_task_id = std::nullopt,
                  .pending = rows.integer(0, 6),
                  .completed = rows.integer(0, 7),
                  .failed = rows.integer(0, 8),
                  .cancelled = rows.integer(0, 9)};
  if (!rows.null(0, 5)) batch.finish_task_id = rows.integer(0, 5);
  return batch;
}

Expected<std::optional<TaskBatch>> find_batch(Runner& runner, std::string_view batch_id) {
  const Rows rows = ESTEIRA_TRY(runner.run(sql::batch_find, Params{}.add(batch_id)));
  if (rows.size() == 0) return std::nullopt;
  return read_batch(rows);
}

// Nothing: there is no such batch. Its row is locked.
Expected<std::optional<TaskBatch>> lock_batch(Runner& runner, std::string_view batch_id) {
  ESTEIRA_TRY(runner.run(sql::batch_lock, Params{}.add(batch_id)));
  return find_batch(runner, batch_id);
}

// Members by how they are counted, in the order of their ids.
Expected<std::vector<TaskId>> members(Runner& runner, std::int64_t batch_no, TaskStatus counted) {
  static const std::string find =
      inlined(sql::batch_members, ":limit", limits::batch_changes_max + 1);
  Params params;
  params.add(batch_no).add(static_cast<int>(counted));
  const Rows rows = ESTEIRA_TRY(runner.run(find, params));
  std::vector<TaskId> ids;
  for (int row = 0; row < rows.size(); ++row) ids.push_back(rows.integer(row, 0));
  return ids;
}

bool cut(std::vector<TaskId>& ids) {
  constexpr std::size_t most = limits::batch_changes_max;
  if (ids.size() <= most) return false;
  ids.resize(most);
  return true;
}

void count(std::span<const ChangeStatus> statuses, BatchChange& change) {
  for (const ChangeStatus status : statuses) {
    if (status == ChangeStatus::applied) ++change.applied;
    if (status == ChangeStatus::requested) ++change.requested;
  }
}

// Chunk by chunk, all in the open transaction.
Expected<void> change_all(Runner& runner, BulkAction action, std::span<const TaskId> ids,
                          const ChangeTerms& terms, BatchChange& change) {
  while (!ids.empty()) {
    const auto chunk = ids.first(std::min(ids.size(), change_tasks_max));
    count(ESTEIRA_TRY(change_within(runner, action, chunk, terms)), change);
    ids = ids.subspan(chunk.size());
  }
  return {};
}

// What a retry of the batch may take along, parents before children.
Expected<std::vector<TaskId>> retriable(Runner& runner, std::int64_t batch_no, bool& more) {
  auto ids = ESTEIRA_TRY(members(runner, batch_no, TaskStatus::failed));
  const auto cancelled = ESTEIRA_TRY(members(runner, batch_no, TaskStatus::cancelled));
  ids.insert(ids.end(), cancelled.begin(), cancelled.end());
  more = cut(ids);
  std::vector<EndedTask> ended;
  std::set<TaskId> parents;
  for (const Standing& standing : ESTEIRA_TRY(standings(runner, ids))) {
    if (!standing.ended()) continue;
    parents.insert(standing.terms.depends_on.begin(), standing.terms.depends_on.end());
    ended.push_back({.task_id = standing.task_id, .terms = standing.terms});
  }
  std::map<TaskId, TaskStatus> standing;
  const std::vector<TaskId> others(parents.begin(), parents.end());
  for (const Standing& parent : ESTEIRA_TRY(standings(runner, others))) {
    standing.emplace(parent.task_id, parent.status);
  }
  return plan_retry(ended, standing);
}

// Lets the finish task, where it has ended, wait for the batch once more.
Expected<void> retry_finish_task(Runner& runner, const TaskBatch& batch, const ChangeTerms& terms) {
  if (!batch.finish_task_id) return {};
  const std::array ids{*batch.finish_task_id};
  const auto statuses = ESTEIRA_TRY(change_within(runner, BulkAction::retry, ids, terms));
  if (statuses.front() != ChangeStatus::applied) return {};
  const std::array edges{Edge{.parent = -batch.batch_no, .child = ids.front()}};
  ESTEIRA_TRY(put_edges(runner, edges));
  ESTEIRA_TRY(runner.run(sql::block, Params{}.array<std::int64_t>(ids)));
  return {};
}

}  // namespace

Expected<TaskBatch> Repository::create_batch(const std::string& batch_id,
                                             const std::optional<NewTaskRow>& finish, Time now) {
  const RecursiveLock lock{mutex_};
  Transaction transaction{connection_};
  ESTEIRA_TRY(transaction.begin());
  const Rows made =
      ESTEIRA_TRY(transaction.run(sql::batch_insert, Params{}.add(batch_id).add(now)));
  if (made.size() == 0) return batch_exists(batch_id);
  if (finish) {
    const std::int64_t batch_no = made.integer(0, 0);
    const TaskId task_id = ESTEIRA_TRY(insert_blocked(connection_, *finish, now));
    const std::array edges{Edge{.parent = -batch_no, .child = task_id}};
    ESTEIRA_TRY(put_edges(connection_, edges));
    ESTEIRA_TRY(transaction.run(sql::batch_finish_task, Params{}.add(batch_no).add(task_id)));
  }
  auto batch = ESTEIRA_TRY(find_batch(connection_, batch_id));
  if (!batch) return fail(ErrorCode::internal, "a batch that was made is not there");
  ESTEIRA_TRY(transaction.commit());
  return *std::move(batch);
}

Expected<std::optional<TaskBatch>> Repository::batch(const std::string& batch_id) {
  const RecursiveLock lock{mutex_};
  const Rows rows = ESTEIRA_TRY(connection_.read(sql::batch_find, Params{}.add(batch_id)));
  if (rows.size() == 0) return std::nullopt;
  return read_batch(rows);
}

Expected<std::optional<TaskBatch>> Repository::close_batch(const std::string& batch_id, Time now) {
  const RecursiveLock lock{mutex_};
  {
    Transaction transaction{connection_};
    ESTEIRA_TRY(transaction.begin());
    const auto found = ESTEIRA_TRY(lock_batch(connection_, batch_id));
    if (!found) return std::nullopt;
    ESTEIRA_TRY(transaction.run(sql::batch_close, Params{}.add(found->batch_no).add(now)));
    ESTEIRA_TRY(look_at_batches(connection_, std::array{found->batch_no}, now));
    ESTEIRA_TRY(transaction.commit());
  }
  tell_if_noted(now);
  return batch(batch_id);
}

Expected<std::optional<BatchChange>> Repository::cancel_batch(const std::string& batch_id,
                                                              Time now) {
  const RecursiveLock lock{mutex_};
  // First, so that nothing new comes while its tasks are cancelled.
  const auto closed = ESTEIRA_TRY(close_batch(batch_id, now));
  if (!closed) return std::nullopt;
  BatchChange change;
  if (closed->finish_task_id) {
    count(ESTEIRA_TRY(cancel(std::array{*closed->finish_task_id}, now)), change);
  }
  const Rows pending = ESTEIRA_TRY(connection_.read(
      inlined(sql::batch_members, ":limit", limits::batch_changes_max + 1),
      std::move(Params{}.add(closed->batch_no).add(static_cast<int>(TaskStatus::pending)))));
  std::vector<TaskId> ids;
  for (int row = 0; row < pending.size(); ++row) ids.push_back(pending.integer(row, 0));
  change.more = cut(ids);
  count(ESTEIRA_TRY(cancel(ids, now)), change);
  auto stands = ESTEIRA_TRY(batch(batch_id));
  if (!stands) return std::nullopt;
  change.batch = *std::move(stands);
  return change;
}

Expected<std::optional<BatchChange>> Repository::retry_batch(const std::string& batch_id,
                                                             Time now) {
  const RecursiveLock lock{mutex_};
  tell_if_noted(now);
  BatchChange change;
  {
    Transaction transaction{connection_};
    ESTEIRA_TRY(transaction.begin());
    const auto found = ESTEIRA_TRY(lock_batch(connection_, batch_id));
    if (!found) return std::nullopt;
    const auto ids = ESTEIRA_TRY(retriable(connection_, found->batch_no, change.more));
    const ChangeTerms terms{.now = now, .shard = shard_};
    if (!ids.empty()) ESTEIRA_TRY(retry_finish_task(connection_, *found, terms));
    ESTEIRA_TRY(change_all(connection_, BulkAction::retry, ids, terms, change));
    ESTEIRA_TRY(transaction.commit());
  }
  tell_if_noted(now);
  auto stands = ESTEIRA_TRY(batch(batch_id));
  if (!stands) return std::nullopt;
  change.batch = *std::move(stands);
  return change;
}

}  // namespace esteira::postgres
