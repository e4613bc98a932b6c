#include "engines/postgres/unique.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "engines/postgres/changes.hpp"
#include "engines/postgres/ciphers.hpp"
#include "postgres_sql.hpp"
#include "repository/unique.hpp"

namespace esteira::postgres {

namespace {

Params wish_params(std::span<const KeyWish> wishes) {
  Params params;
  params.array<int>(wishes, [](const KeyWish& wish) { return wish.type_id; })
      .array<std::string_view>(wishes, [](const KeyWish& wish) { return wish.key; })
      .array<std::int64_t>(wishes, [](const KeyWish& wish) { return wish.task_id; })
      .array<int>(wishes, [](const KeyWish& wish) { return stored_scope(wish.scope); })
      .array<Time>(wishes, [](const KeyWish& wish) { return wish.until; });
  return params;
}

std::set<TaskId> ids_of(const Rows& rows) {
  std::set<TaskId> ids;
  for (int row = 0; row < rows.size(); ++row) ids.insert(rows.integer(row, 0));
  return ids;
}

std::vector<TaskId> holders_of(const Replacements& replacements) {
  std::vector<TaskId> ids;
  for (const auto& [holder, row] : replacements) ids.push_back(holder);
  return ids;
}

// Whether each of the keys is held by whom it was held by when the replacements were made.
Expected<std::set<TaskId>> still_held(Runner& runner, std::span<const KeyWish> wishes, Time now) {
  std::set<TaskId> holders;
  for (const auto& [wish, holder] : ESTEIRA_TRY(read_holders(runner, wishes, now))) {
    if (!holder.ended) holders.insert(holder.task_id);
  }
  return holders;
}

// Nothing: all wait. An error: one that holds its key does not. False: another look is needed.
Expected<std::optional<bool>> check_waiting(Runner& runner, const std::vector<TaskId>& ids,
                                            std::span<const KeyWish> wishes, Time now) {
  std::set<TaskId> waiting;
  for (const Standing& standing : ESTEIRA_TRY(standings(runner, ids))) {
    if (standing.status == TaskStatus::pending) waiting.insert(standing.task_id);
  }
  if (waiting.size() == ids.size()) return std::nullopt;
  const auto held = ESTEIRA_TRY(still_held(runner, wishes, now));
  for (const TaskId task_id : ids) {
    if (waiting.contains(task_id) || !held.contains(task_id)) continue;
    return unique_conflict(OnConflict::replace, task_id);
  }
  return false;
}

Expected<void> replace_terms(Runner& runner, TaskId holder, TaskTerms terms,
                             const TaskTerms& replacing) {
  const auto& expires_at = replacing.expires_at;
  const bool expires_anew = terms.expires_at != expires_at;
  if (!expires_anew && terms.encrypted == replacing.encrypted) return {};
  if (terms.encrypted && !replacing.encrypted) ESTEIRA_TRY(drop_cipher(runner, holder));
  terms.expires_at = expires_at;
  terms.encrypted = replacing.encrypted;
  // The edit has written it already.
  if (replacing.flow_key) terms.flow_key = replacing.flow_key;
  ESTEIRA_TRY(write_terms(runner, holder, terms));
  if (!expires_at || !expires_anew) return {};
  ESTEIRA_TRY(runner.run(
      sql::insert_expiries,
      Params{}.array<Time>(std::vector{*expires_at}).array<std::int64_t>(std::vector{holder})));
  return {};
}

// Those that were taken out of the queue go back into it as they are to be.
Expected<std::vector<Waiting>> put_back(Runner& runner, const Replacements& replacements,
                                        const std::vector<TakenWaiting>& taken, Time now) {
  const auto ids = holders_of(replacements);
  const auto terms = ESTEIRA_TRY(read_terms(runner, ids));
  std::vector<Waiting> waiting;
  for (const TakenWaiting& one : taken) {
    const TaskId holder = one.claim.fence.task_id;
    const NewTaskRow& row = *replacements.at(holder);
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
    waiting.push_back(ESTEIRA_TRY(edit_taken(runner, one, edit, now)));
    const auto said = terms.find(holder);
    ESTEIRA_TRY(
        replace_terms(runner, holder, said == terms.end() ? TaskTerms{} : said->second, row.terms));
  }
  const Statement change = change_statement(ids, now);
  ESTEIRA_TRY(runner.run(change.sql, change.params));
  return waiting;
}

}  // namespace

Expected<std::set<TaskId>> take_free_keys(Runner& runner, std::span<const KeyWish> wishes) {
  const Rows rows = ESTEIRA_TRY(runner.run(sql::insert_unique, wish_params(wishes)));
  return ids_of(rows);
}

Expected<std::set<TaskId>> take_ended_windows(Runner& runner, std::span<const KeyWish> wishes,
                                              Time now) {
  const Rows rows = ESTEIRA_TRY(runner.run(sql::take_windows, wish_params(wishes).add(now)));
  return ids_of(rows);
}

Expected<std::map<TaskId, KeyHolder>> read_holders(Runner& runner, std::span<const KeyWish> wishes,
                                                   Time now) {
  const Rows rows = ESTEIRA_TRY(runner.run(sql::read_unique, wish_params(wishes).add(now)));
  std::map<TaskId, KeyHolder> holders;
  for (int row = 0; row < rows.size(); ++row) {
    holders.emplace(rows.integer(row, 0),
                    KeyHolder{.task_id = rows.integer(row, 1), .ended = rows.truth(row, 2)});
  }
  return holders;
}

Expected<void> try_looks(Runner& runner, bool guarded,
                         const std::function<Expected<bool>()>& look) {
  for (int i = 0; i < looks_max; ++i) {
    if (guarded) ESTEIRA_TRY(runner.run("SAVEPOINT esteira_keys", {}));
    const bool done = ESTEIRA_TRY(look());
    if (guarded && !done) ESTEIRA_TRY(runner.run("ROLLBACK TO SAVEPOINT esteira_keys", {}));
    if (guarded) ESTEIRA_TRY(runner.run("RELEASE SAVEPOINT esteira_keys", {}));
    if (done) return {};
  }
  return fail(ErrorCode::unavailable, "a unique key changes hands too quickly; try again");
}

Expected<std::set<TaskId>> take_unique_keys(Runner& runner, std::span<const KeyWish> wishes,
                                            Time now) {
  std::set<TaskId> taken;
  const auto look = [&]() -> Expected<bool> {
    taken = ESTEIRA_TRY(take_free_keys(runner, wishes));
    const auto holders = ESTEIRA_TRY(read_holders(runner, wishes, now));
    std::vector<KeyWish> ended;
    for (const KeyWish& wish : wishes) {
      if (taken.contains(wish.task_id)) continue;
      const auto holder = holders.find(wish.task_id);
      if (holder == holders.end()) return false;
      if (holder->second.ended) ended.push_back(wish);
    }
    if (ended.empty()) return true;
    const auto more = ESTEIRA_TRY(take_ended_windows(runner, ended, now));
    taken.insert(more.begin(), more.end());
    // Of those who want the same key one has it now.
    std::set<std::pair<TypeId, std::string_view>> keys;
    for (const KeyWish& wish : ended) keys.emplace(wish.type_id, wish.key);
    return more.size() == keys.size();
  };
  ESTEIRA_TRY(try_looks(runner, wishes.size() > 1, look));
  return taken;
}

Expected<std::optional<std::vector<Waiting>>> replace_holders(Runner& runner,
                                                              const Replacements& replacements,
                                                              std::span<const KeyWish> wishes,
                                                              Time now) {
  using Answer = std::optional<std::vector<Waiting>>;
  const auto ids = holders_of(replacements);
  if (ESTEIRA_TRY(check_waiting(runner, ids, wishes, now))) return Answer{};
  ESTEIRA_TRY(runner.run(sql::lock_requests, Params{}.array<std::int64_t>(ids)));
  const auto taken = ESTEIRA_TRY(take_waiting(runner, ids, now));
  // Whoever waits and holds its key keeps it for as long as its row in the queue is ours.
  const auto held = ESTEIRA_TRY(still_held(runner, wishes, now));
  const bool all_held =
      std::ranges::all_of(ids, [&](TaskId task_id) { return held.contains(task_id); });
  if (taken.size() != ids.size() || !all_held) return Answer{};
  return Answer{ESTEIRA_TRY(put_back(runner, replacements, taken, now))};
}

}  // namespace esteira::postgres
