#include "domain/dependencies.hpp"
#include "domain/limits.hpp"
#include "domain/settle.hpp"
#include "engines/sqlite/dependents.hpp"
#include "engines/sqlite/finish.hpp"
#include "engines/sqlite/operations.hpp"
#include "engines/sqlite/place.hpp"
#include "engines/sqlite/unique.hpp"
#include "engines/sqlite/waiting.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

// What stands in another status than `only`, if one is given, is left alone.
using Only = std::optional<TaskStatus>;
bool leaves_out(const Only& only, const Place& place) { return only && *only != place.status; }

Expected<ChangeStatus> cancel_one(Connection& connection, Finisher& finisher, TaskId task_id,
                                  Time now, const Only& only) {
  const auto place = ESTEIRA_TRY(find_place(connection, task_id));
  if (!place) return ChangeStatus::not_found;
  if (has_ended(place->status) || leaves_out(only, *place)) return ChangeStatus::wrong_status;
  if (place->status == TaskStatus::processing) {
    ESTEIRA_TRY(connection.run(sql::cancel_insert, task_id, place->waiting.attempt + 1));
    return ChangeStatus::requested;
  }
  ESTEIRA_TRY(delete_waiting(connection, place->waiting));
  ESTEIRA_TRY(finisher.finish_waiting(
      settle(claim_of(*place, now), outcome::Cancelled{}, RetryPolicy{}, now),
      place->waiting.flags));
  return ChangeStatus::applied;
}

Expected<ChangeStatus> retry_one(Connection& connection, StatsBook& stats, TaskId task_id, Time now,
                                 const Only& only) {
  auto place = ESTEIRA_TRY(find_place(connection, task_id));
  if (!place) return ChangeStatus::not_found;
  auto& waiting = place->waiting;
  if (leaves_out(only, *place)) return ChangeStatus::wrong_status;
  // Attempt numbers are part of an execution's id: a task that has used them all stays ended.
  if (!has_ended(place->status) || waiting.attempt >= limits::attempts_max) {
    return ChangeStatus::wrong_status;
  }
  auto terms = ESTEIRA_TRY(read_terms(connection, task_id));
  if (place->unique_key && terms.unique_scope != UniqueScope::window) {
    const bool taken = ESTEIRA_TRY(take_key(connection, waiting, *place->unique_key, terms, now));
    if (!taken) return ChangeStatus::unique_conflict;
  }
  if (terms.expires_at) {
    terms.expires_at.reset();
    ESTEIRA_TRY(write_terms(connection, task_id, terms));
  }
  ESTEIRA_TRY(connection.run(sql::reopen, task_id, waiting.attempt, now));
  waiting.run_at = now;
  waiting.retries = 0;
  waiting.crashes = 0;
  const auto parents = ESTEIRA_TRY(open_among(connection, terms.depends_on));
  if (!parents.empty()) {
    waiting.flags |= flag_blocked;
    ESTEIRA_TRY(wait_for(connection, task_id, parents));
  }
  ESTEIRA_TRY(put_waiting(connection, waiting, now));
  ESTEIRA_TRY(note_end(connection, task_id, TaskStatus::pending));
  stats.add_ended(waiting.type_id, place->status, -1);
  return ChangeStatus::applied;
}

Expected<ChangeStatus> remove_one(Connection& connection, StatsBook& stats, TaskId task_id,
                                  const Only& only) {
  const auto place = ESTEIRA_TRY(find_place(connection, task_id));
  if (!place) return ChangeStatus::not_found;
  if (leaves_out(only, *place)) return ChangeStatus::wrong_status;
  if (place->status == TaskStatus::processing) return ChangeStatus::wrong_status;
  if (place->status == TaskStatus::pending) {
    ESTEIRA_TRY(delete_waiting(connection, place->waiting));
    if ((place->waiting.flags & flag_slot) != 0) {
      ESTEIRA_TRY(connection.run(sql::slot_delete, task_id));
    }
    ESTEIRA_TRY(note_end(connection, task_id, TaskStatus::cancelled));
  } else {
    stats.add_ended(place->waiting.type_id, place->status, -1);
  }
  ESTEIRA_TRY(erase_task(connection, task_id));
  return ChangeStatus::applied;
}

Expected<std::vector<ChangeStatus>> cancel(Connection& connection, std::span<const TaskId> ids,
                                           Time now, const Only& only) {
  auto finisher = ESTEIRA_TRY(Finisher::begin(connection, now));
  std::vector<ChangeStatus> statuses;
  for (const auto task_id : ids) {
    statuses.push_back(ESTEIRA_TRY(cancel_one(connection, finisher, task_id, now, only)));
  }
  ESTEIRA_TRY(finisher.end());
  return statuses;
}

Expected<std::vector<ChangeStatus>> retry(Connection& connection, std::span<const TaskId> ids,
                                          Time now, const Only& only) {
  StatsBook stats;
  std::vector<ChangeStatus> statuses;
  for (const auto task_id : ids) {
    statuses.push_back(ESTEIRA_TRY(retry_one(connection, stats, task_id, now, only)));
  }
  ESTEIRA_TRY(stats.write(connection));
  return statuses;
}

Expected<std::vector<ChangeStatus>> remove(Connection& connection, std::span<const TaskId> ids,
                                           const Only& only) {
  StatsBook stats;
  std::vector<ChangeStatus> statuses;
  std::vector<TaskId> removed;
  for (const auto task_id : ids) {
    statuses.push_back(ESTEIRA_TRY(remove_one(connection, stats, task_id, only)));
    if (statuses.back() == ChangeStatus::applied) removed.push_back(task_id);
  }
  ESTEIRA_TRY(strike_from_leases(connection, std::move(removed)));
  ESTEIRA_TRY(stats.write(connection));
  return statuses;
}

Expected<std::vector<ChangeStatus>> change_all(Connection& connection, BulkAction action,
                                               std::span<const TaskId> ids, Time now,
                                               const Only& only) {
  switch (action) {
    case BulkAction::cancel:
      return cancel(connection, ids, now, only);
    case BulkAction::retry:
      return retry(connection, ids, now, only);
    case BulkAction::remove:
      return remove(connection, ids, only);
  }
  return fail(ErrorCode::internal, "an action that there is not");
}

}  // namespace

Expected<std::vector<ChangeStatus>> change(Connection& connection, BulkAction action,
                                           std::span<const TaskId> ids, Time now,
                                           std::optional<TaskStatus> only) {
  auto statuses = ESTEIRA_TRY(change_all(connection, action, ids, now, only));
  std::vector<TaskId> changed;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const bool applied = statuses[i] == ChangeStatus::applied;
    if (applied || statuses[i] == ChangeStatus::requested) changed.push_back(ids[i]);
  }
  const auto told = ESTEIRA_TRY(tell_dependents(connection, now));
  changed.insert(changed.end(), told.ended.begin(), told.ended.end());
  ESTEIRA_TRY(write_change(connection, std::move(changed), now));
  return statuses;
}

Expected<void> erase_task(Connection& connection, TaskId task_id) {
  // The tags and the unique key are found through the request, so they go first.
  for (const auto statement :
       {sql::erase_tags, sql::erase_unique, sql::erase_executions, sql::erase_logs,
        sql::erase_numbers, sql::checkpoint_delete, sql::progress_delete, sql::erase_reopened,
        sql::erase_edits, sql::erase_dependencies, sql::cipher_delete, sql::erase_request}) {
    ESTEIRA_TRY(connection.run(statement, task_id));
  }
  return {};
}

}  // namespace esteira::sqlite
