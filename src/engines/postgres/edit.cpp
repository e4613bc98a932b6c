// A waiting task is edited: its order is changed, and its row in the queue is put anew, so that a
// claim which saw the old row finds it gone.
#include <algorithm>
#include <array>

#include "base/assert.hpp"
#include "engines/postgres/change.hpp"
#include "engines/postgres/changes.hpp"
#include "engines/postgres/ciphers.hpp"
#include "engines/postgres/repository.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

namespace {

// Takes the task out of the queue; or says why that can't be.
Expected<std::variant<TakenWaiting, ChangeStatus>> take_one(Runner& runner, TaskId task_id,
                                                            Time now) {
  for (int look = 0; look < looks_max; ++look) {
    const auto taken = ESTEIRA_TRY(take_waiting(runner, std::array{task_id}, now));
    if (!taken.empty()) return taken.front();
    const auto standing = ESTEIRA_TRY(standings(runner, std::array{task_id}));
    if (standing.empty()) return ChangeStatus::not_found;
    if (standing.front().status != TaskStatus::pending) return ChangeStatus::wrong_status;
  }
  return fail(ErrorCode::unavailable, "the task changes too quickly to be edited; try again");
}

Params edit_params(const TakenWaiting& taken, const TaskEditRow& edit, Time run_at, int priority,
                   Time now) {
  std::optional<JsonText> payload;
  if (edit.payload) payload = JsonText{*edit.payload};
  const auto& claim = taken.claim;
  Params params;
  params.add(claim.fence.task_id)
      .add(payload)
      .add(edit.priority)
      .add(edit.reschedules)
      .add(edit.scheduled_for)
      .add(edit.tags.has_value())
      .array<std::string_view>(edit.tags.value_or(std::vector<std::string>{}))
      .add(claim.fence.attempt - 1)
      .add(now)
      .add(run_at)
      .add(claim.type_id)
      .add(priority)
      .add(claim.retries)
      .add(claim.crashes)
      .add(taken.keyed)
      .add(edit.flow_key ? std::optional(std::string_view(*edit.flow_key)) : std::nullopt)
      .add(taken.blocked);
  return params;
}

}  // namespace

Expected<Waiting> edit_taken(Runner& runner, const TakenWaiting& taken, const TaskEditRow& edit,
                             Time now) {
  const int priority = edit.priority.value_or(taken.claim.priority);
  Time run_at = taken.claim.run_at;
  if (edit.reschedules) run_at = edit.scheduled_for.value_or(std::min(run_at, now));
  ESTEIRA_TRY(runner.run(sql::edit, edit_params(taken, edit, run_at, priority, now)));
  if (edit.cipher) ESTEIRA_TRY(write_cipher(runner, taken.claim.fence.task_id, edit));
  return Waiting{.type_id = taken.claim.type_id, .priority = priority, .run_at = run_at};
}

Expected<EditAnswer> Repository::edit(TaskId task_id, const TaskEditRow& edit, Time now) {
  const RecursiveLock lock{mutex_};
  Transaction transaction{connection_};
  ESTEIRA_TRY(transaction.begin());
  // Edits of one task follow each other; each sees what the one before has left.
  ESTEIRA_TRY(
      transaction.run(sql::lock_requests, Params{}.array<std::int64_t>(std::array{task_id})));
  EditAnswer answer{.status = ChangeStatus::applied,
                    .before = ESTEIRA_TRY(read_task(connection_, task_id))};
  const auto found = ESTEIRA_TRY(take_one(connection_, task_id, now));
  if (const auto* status = std::get_if<ChangeStatus>(&found)) return EditAnswer{.status = *status};
  const auto waits = ESTEIRA_TRY(edit_taken(connection_, std::get<TakenWaiting>(found), edit, now));
  const Statement change = change_statement(std::vector{task_id}, now);
  ESTEIRA_TRY(transaction.run(change.sql, change.params));
  answer.after = ESTEIRA_TRY(read_task(connection_, task_id));
  ESTEIRA_TRY(transaction.commit());
  if (waits.run_at <= now) lanes_.returned(waits.type_id, waits.priority, waits.run_at);
  return answer;
}

}  // namespace esteira::postgres
