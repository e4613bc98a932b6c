// Cancel, retry and remove: many tasks in one transaction, one answer for each.
#include "engines/postgres/change.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "base/assert.hpp"
#include "domain/limits.hpp"
#include "domain/settle.hpp"
#include "engines/postgres/changes.hpp"
#include "engines/postgres/dependents.hpp"
#include "engines/postgres/repository.hpp"
#include "engines/postgres/unique.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

namespace {

// The tasks that still have no answer, and the answers so far.
class Answers {
 public:
  explicit Answers(std::span<const TaskId> ids) : open_(ids.begin(), ids.end()) {}
  [[nodiscard]] std::vector<TaskId> open() const { return {open_.begin(), open_.end()}; }
  [[nodiscard]] bool done() const { return open_.empty(); }
  void set(TaskId task_id, ChangeStatus status) {
    open_.erase(task_id);
    answers_.insert_or_assign(task_id, status);
  }
  void set_rest(ChangeStatus status) {
    for (const TaskId task_id : open()) set(task_id, status);
  }
  [[nodiscard]] std::vector<TaskId> changed() const {
    std::vector<TaskId> ids;
    for (const auto& [task_id, status] : answers_) {
      const bool applied = status == ChangeStatus::applied;
      if (applied || status == ChangeStatus::requested) ids.push_back(task_id);
    }
    return ids;
  }
  // A task that is named twice is found changed the second time.
  [[nodiscard]] std::vector<ChangeStatus> in_order(std::span<const TaskId> ids,
                                                   ChangeStatus repeated) const {
    std::set<TaskId> seen;
    std::vector<ChangeStatus> statuses;
    for (const TaskId task_id : ids) {
      const ChangeStatus status = answers_.at(task_id);
      const bool again = !seen.insert(task_id).second && status == ChangeStatus::applied;
      statuses.push_back(again ? repeated : status);
    }
    return statuses;
  }

 private:
  std::set<TaskId> open_;
  std::map<TaskId, ChangeStatus> answers_;
};

Expected<std::vector<TaskId>> ask_running(Runner& runner, std::span<const TaskId> ids) {
  const Rows locked = ESTEIRA_TRY(runner.run(sql::lock_running, Params{}.array<std::int64_t>(ids)));
  std::vector<LeaseId> leases;
  for (int row = 0; row < locked.size(); ++row) leases.push_back(locked.lease_id(row, 0));
  std::vector<TaskId> asked;
  if (leases.empty()) return asked;
  const Rows rows = ESTEIRA_TRY(
      runner.run(sql::cancel_running, Params{}.array<std::int64_t>(ids).array<LeaseId>(leases)));
  for (int row = 0; row < rows.size(); ++row) asked.push_back(rows.integer(row, 0));
  return asked;
}

// Takes those that wait, where they are what the change is for.
Expected<std::vector<TakenWaiting>> take_if(const ChangeTerms& terms, Runner& runner,
                                            const Answers& answers) {
  if (!terms.takes(TaskStatus::pending)) return std::vector<TakenWaiting>{};
  return take_waiting(runner, answers.open(), terms.now);
}

// Looks at the queue, the leases and the history, again until one of them answers.
Expected<void> cancel_chunk(Runner& runner, Answers& answers, const ChangeTerms& terms) {
  std::vector<Settlement> settlements;
  for (int look = 0; !answers.done(); ++look) {
    if (look == looks_max) {
      return fail(ErrorCode::unavailable, "a task changes too quickly to be cancelled; try again");
    }
    for (const TakenWaiting& taken : ESTEIRA_TRY(take_if(terms, runner, answers))) {
      const Claim& claim = taken.claim;
      settlements.push_back(settle(claim, outcome::Cancelled{}, RetryPolicy{}, terms.now));
      answers.set(claim.fence.task_id, ChangeStatus::applied);
    }
    if (answers.done()) break;
    if (terms.takes(TaskStatus::processing)) {
      for (const TaskId task_id : ESTEIRA_TRY(ask_running(runner, answers.open()))) {
        answers.set(task_id, ChangeStatus::requested);
      }
    }
    if (answers.done()) break;
    std::set<TaskId> known;
    for (const Standing& standing : ESTEIRA_TRY(standings(runner, answers.open()))) {
      known.insert(standing.task_id);
      if (standing.ended() || !terms.takes(standing.status)) {
        answers.set(standing.task_id, ChangeStatus::wrong_status);
      }
    }
    for (const TaskId task_id : answers.open()) {
      if (!known.contains(task_id)) answers.set(task_id, ChangeStatus::not_found);
    }
  }
  return end_waiting(runner, settlements, terms.shard, terms.now);
}

// Takes the unique keys of tasks that wait again; those that others hold are answered and left out.
// A window is counted from its task's creation on, and whoever holds it now may keep it.
Expected<void> take_keys(Runner& runner, std::vector<Standing>& tasks, Answers& answers, Time now) {
  const auto needs_key = [](const Standing& task) {
    return task.unique_key && task.terms.unique_scope != UniqueScope::window;
  };
  std::vector<KeyWish> wishes;
  for (const Standing& task : tasks) {
    if (!needs_key(task)) continue;
    wishes.push_back({.type_id = task.type_id,
                      .key = *task.unique_key,
                      .task_id = task.task_id,
                      .scope = task.terms.unique_scope});
  }
  if (wishes.empty()) return {};
  const auto taken = ESTEIRA_TRY(take_unique_keys(runner, wishes, now));
  std::erase_if(tasks, [&](const Standing& task) {
    const bool refused = needs_key(task) && !taken.contains(task.task_id);
    if (refused) answers.set(task.task_id, ChangeStatus::unique_conflict);
    return refused;
  });
  return {};
}

// Whoever runs a task again wants it to run.
Expected<void> lift_expiries(Runner& runner, std::vector<Standing>& tasks) {
  for (Standing& task : tasks) {
    if (!task.terms.expires_at) continue;
    task.terms.expires_at.reset();
    ESTEIRA_TRY(write_terms(runner, task.task_id, task.terms));
  }
  return {};
}

// Tasks that wait again, after their parents among them: those whose parents have not ended wait
// for these, and batches count them as open.
Expected<void> hold_back_retried(Runner& runner, std::span<const Standing> tasks) {
  std::vector<TaskId> ids;
  std::set<TaskId> parents;
  for (const Standing& task : tasks) {
    ids.push_back(task.task_id);
    parents.insert(task.terms.depends_on.begin(), task.terms.depends_on.end());
  }
  ESTEIRA_TRY(note_ends(runner, ids, TaskStatus::pending));
  if (parents.empty()) return {};
  std::set<TaskId> open;
  const std::vector<TaskId> all(parents.begin(), parents.end());
  for (const Standing& parent : ESTEIRA_TRY(standings(runner, all))) {
    if (!parent.ended()) open.insert(parent.task_id);
  }
  std::vector<Edge> edges;
  std::set<TaskId> held;
  for (const Standing& task : tasks) {
    for (const TaskId parent : task.terms.depends_on) {
      if (!open.contains(parent)) continue;
      edges.push_back({.parent = parent, .child = task.task_id});
      held.insert(task.task_id);
    }
  }
  if (held.empty()) return {};
  ESTEIRA_TRY(put_edges(runner, edges));
  ESTEIRA_TRY(runner.run(sql::block, Params{}.array<std::int64_t>(held)));
  return {};
}

Expected<void> retry_chunk(Runner& runner, Answers& answers, const ChangeTerms& terms) {
  ESTEIRA_TRY(runner.run(sql::lock_requests, Params{}.array<std::int64_t>(answers.open())));
  std::vector<Standing> tasks;
  for (Standing& standing : ESTEIRA_TRY(standings(runner, answers.open()))) {
    // Attempt numbers are part of an execution's id: a task that has used them all stays ended.
    const bool again =
        standing.ended() && terms.takes(standing.status) && standing.attempt < limits::attempts_max;
    if (!again) answers.set(standing.task_id, ChangeStatus::wrong_status);
    if (again) tasks.push_back(std::move(standing));
  }
  ESTEIRA_TRY(take_keys(runner, tasks, answers, terms.now));
  ESTEIRA_TRY(lift_expiries(runner, tasks));
  StatsBook stats;
  for (const Standing& task : tasks) {
    answers.set(task.task_id, ChangeStatus::applied);
    stats.add_ended(task.type_id, task.status, terms.now, -1);
  }
  answers.set_rest(ChangeStatus::not_found);
  if (tasks.empty()) return {};
  Params params;
  params.array<std::int64_t>(tasks, [](const Standing& s) { return s.task_id; })
      .array<int>(tasks, [](const Standing& s) { return s.attempt; })
      .array<int>(tasks, [](const Standing& s) { return s.type_id; })
      .array<int>(tasks, [](const Standing& s) { return s.priority; })
      .array<bool>(tasks, [](const Standing& s) { return s.unique_key.has_value(); })
      .add(terms.now);
  ESTEIRA_TRY(runner.run(sql::reopen, params));
  ESTEIRA_TRY(hold_back_retried(runner, tasks));
  return write_stats(runner, stats, terms.shard);
}

Expected<void> remove_chunk(Runner& runner, Answers& answers, const ChangeTerms& terms) {
  ESTEIRA_TRY(runner.run(sql::lock_requests, Params{}.array<std::int64_t>(answers.open())));
  StatsBook stats;
  std::vector<TaskId> gone, waited;
  for (int look = 0; !answers.done(); ++look) {
    if (look == looks_max) {
      return fail(ErrorCode::unavailable, "a task changes too quickly to be removed; try again");
    }
    for (const TakenWaiting& taken : ESTEIRA_TRY(take_if(terms, runner, answers))) {
      waited.push_back(taken.claim.fence.task_id);
      answers.set(taken.claim.fence.task_id, ChangeStatus::applied);
    }
    std::set<TaskId> known;
    for (const Standing& standing : ESTEIRA_TRY(standings(runner, answers.open()))) {
      known.insert(standing.task_id);
      if (standing.status == TaskStatus::processing || !terms.takes(standing.status)) {
        answers.set(standing.task_id, ChangeStatus::wrong_status);
        continue;
      }
      if (!standing.ended()) continue;
      stats.add_ended(standing.type_id, standing.status, terms.now, -1);
      gone.push_back(standing.task_id);
      answers.set(standing.task_id, ChangeStatus::applied);
    }
    for (const TaskId task_id : answers.open()) {
      if (!known.contains(task_id)) answers.set(task_id, ChangeStatus::not_found);
    }
  }
  ESTEIRA_TRY(note_ends(runner, waited, TaskStatus::cancelled));
  gone.insert(gone.end(), waited.begin(), waited.end());
  ESTEIRA_TRY(erase(runner, gone));
  return write_stats(runner, stats, terms.shard);
}

Expected<void> change_chunk(Runner& runner, BulkAction action, Answers& answers,
                            const ChangeTerms& terms) {
  switch (action) {
    case BulkAction::cancel:
      return cancel_chunk(runner, answers, terms);
    case BulkAction::retry:
      return retry_chunk(runner, answers, terms);
    case BulkAction::remove:
      return remove_chunk(runner, answers, terms);
  }
  return fail(ErrorCode::internal, "an action that there is not");
}

// Each chunk in a transaction of its own.
Expected<std::vector<ChangeStatus>> change(Connection& connection, BulkAction action,
                                           std::span<const TaskId> ids, const ChangeTerms& terms) {
  std::vector<ChangeStatus> statuses;
  while (!ids.empty()) {
    const auto chunk = ids.first(std::min(ids.size(), change_tasks_max));
    Transaction transaction{connection};
    ESTEIRA_TRY(transaction.begin());
    const auto answers = ESTEIRA_TRY(change_within(connection, action, chunk, terms));
    ESTEIRA_TRY(transaction.commit());
    statuses.insert(statuses.end(), answers.begin(), answers.end());
    ids = ids.subspan(chunk.size());
  }
  return statuses;
}

}  // namespace

Expected<std::vector<ChangeStatus>> change_within(Runner& runner, BulkAction action,
                                                  std::span<const TaskId> ids,
                                                  const ChangeTerms& terms) {
  ESTEIRA_ASSERT(ids.size() <= change_tasks_max);
  Answers answers{ids};
  ESTEIRA_TRY(change_chunk(runner, action, answers, terms));
  if (const auto changed = answers.changed(); !changed.empty()) {
    const Statement statement = change_statement(changed, terms.now);
    ESTEIRA_TRY(runner.run(statement.sql, statement.params));
  }
  const bool removes = action == BulkAction::remove;
  return answers.in_order(ids, removes ? ChangeStatus::not_found : ChangeStatus::wrong_status);
}

Expected<std::vector<TakenWaiting>> take_waiting(Runner& runner, std::span<const TaskId> ids,
                                                 Time now) {
  const Rows rows = ESTEIRA_TRY(runner.run(sql::take_waiting, Params{}.array<std::int64_t>(ids)));
  std::vector<TakenWaiting> taken;
  for (int row = 0; row < rows.size(); ++row) {
    TakenWaiting& one = taken.emplace_back();
    one.claim.fence.task_id = rows.integer(row, 0);
    one.claim.type_id = rows.small(row, 1);
    one.claim.priority = rows.small(row, 2);
    one.claim.run_at = rows.time(row, 3);
    one.claim.fence.attempt = rows.small(row, 4) + 1;
    one.claim.retries = rows.small(row, 5);
    one.claim.crashes = rows.small(row, 6);
    one.claim.max_retries = rows.small(row, 7);
    one.claim.started_at = now;
    one.keyed = rows.truth(row, 8);
    one.blocked = rows.truth(row, 9);
  }
  return taken;
}

Expected<void> end_waiting(Runner& runner, std::span<const Settlement> settlements, int shard,
                           Time now) {
  if (settlements.empty()) return {};
  StatsBook stats;
  for (const Settlement& settlement : settlements) stats.add(settlement, /*ran=*/false);
  Params params;
  params.array<std::int64_t>(settlements, [](const Settlement& s) { return s.fence.task_id; })
      .array<int>(settlements, [](const Settlement& s) { return s.fence.attempt; })
      .array<int>(settlements, [](const Settlement& s) { return s.retries; })
      .array<int>(settlements, [](const Settlement& s) { return s.crashes; })
      .array<std::string_view>(settlements,
                               [](const Settlement& s) -> std::optional<std::string_view> {
                                 if (!s.error_message) return std::nullopt;
                                 return *s.error_message;
                               })
      .add(now)
      .array<JsonText>(settlements, [](const Settlement& s) -> std::optional<JsonText> {
        if (s.metadata.empty()) return std::nullopt;
        return JsonText{s.metadata};
      });
  ESTEIRA_TRY(runner.run(sql::end_waiting, params));
  std::vector<TaskId> ids;
  for (const Settlement& settlement : settlements) ids.push_back(settlement.fence.task_id);
  ESTEIRA_TRY(note_ends(runner, ids, TaskStatus::cancelled));
  return write_stats(runner, stats, shard);
}

Expected<std::vector<Standing>> standings(Runner& runner, std::span<const TaskId> ids) {
  const Rows rows = ESTEIRA_TRY(runner.run(sql::statuses, Params{}.array<std::int64_t>(ids)));
  std::vector<Standing> standings;
  for (int row = 0; row < rows.size(); ++row) {
    standings.push_back({.task_id = rows.integer(row, 0),
                         .status = ESTEIRA_TRY(parse_task_status(rows.text(row, 1))),
                         .type_id = rows.small(row, 2),
                         .priority = rows.small(row, 3),
                         .attempt = rows.small(row, 4),
                         .unique_key = rows.text_or(row, 5)});
    if (!rows.null(row, 6)) standings.back().terms = read_task_terms(rows.json(row, 6));
  }
  return standings;
}

Expected<std::map<TaskId, TaskTerms>> read_terms(Runner& runner, std::span<const TaskId> ids) {
  const Rows rows = ESTEIRA_TRY(runner.run(sql::terms_of, Params{}.array<std::int64_t>(ids)));
  std::map<TaskId, TaskTerms> terms;
  for (int row = 0; row < rows.size(); ++row) {
    terms.emplace(rows.integer(row, 0), read_task_terms(rows.json(row, 1)));
  }
  return terms;
}

Expected<void> write_terms(Runner& runner, TaskId task_id, const TaskTerms& terms) {
  const auto stored = stored_terms(terms);
  std::optional<JsonText> json;
  if (stored) json = JsonText{*stored};
  ESTEIRA_TRY(runner.run(sql::put_terms, Params{}.add(task_id).add(json)));
  return {};
}

Expected<void> erase(Runner& runner, std::span<const TaskId> ids) {
  if (ids.empty()) return {};
  ESTEIRA_TRY(runner.run(sql::ends_note_gone, Params{}.array<std::int64_t>(ids)));
  ESTEIRA_TRY(runner.run(sql::erase_leased, Params{}.array<std::int64_t>(ids)));
  ESTEIRA_TRY(runner.run(sql::erase_unique, Params{}.array<std::int64_t>(ids)));
  ESTEIRA_TRY(runner.run(sql::erase, Params{}.array<std::int64_t>(ids)));
  return {};
}

Expected<void> write_stats(Runner& runner, const StatsBook& stats, int shard) {
  if (stats.empty()) return {};
  Params params;
  stats.append_to(params);
  params.add(shard);
  ESTEIRA_TRY(runner.run(sql::count_stats, params));
  return {};
}

Expected<std::vector<ChangeStatus>> Repository::cancel(std::span<const TaskId> ids, Time now) {
  const RecursiveLock lock{mutex_};
  auto statuses =
      ESTEIRA_TRY(change(connection_, BulkAction::cancel, ids, {.now = now, .shard = shard_}));
  tell_if_noted(now);
  return statuses;
}

Expected<std::vector<ChangeStatus>> Repository::retry(std::span<const TaskId> ids, Time now) {
  const RecursiveLock lock{mutex_};
  auto statuses =
      ESTEIRA_TRY(change(connection_, BulkAction::retry, ids, {.now = now, .shard = shard_}));
  look_again(ids, now);
  tell_if_noted(now);
  return statuses;
}

Expected<std::vector<ChangeStatus>> Repository::remove(std::span<const TaskId> ids, Time now) {
  const RecursiveLock lock{mutex_};
  auto statuses =
      ESTEIRA_TRY(change(connection_, BulkAction::remove, ids, {.now = now, .shard = shard_}));
  tell_if_noted(now);
  return statuses;
}

}  // namespace esteira::postgres
