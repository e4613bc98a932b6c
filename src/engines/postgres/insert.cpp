// Creating tasks: one statement, unless keys ask for a look first.
#include <algorithm>
#include <map>
#include <set>

#include <libpq-fe.h>

#include "base/assert.hpp"
#include "engines/postgres/ciphers.hpp"
#include "engines/postgres/dependents.hpp"
#include "engines/postgres/repository.hpp"
#include "engines/postgres/unique.hpp"
#include "postgres_sql.hpp"
#include "repository/unique.hpp"

namespace esteira::postgres {

namespace {

using RowRefs = std::vector<const NewTaskRow*>;

// A statement's arrays stay well below the server's limit of 1 GiB.
constexpr std::size_t chunk_rows_max = 10'000;
constexpr std::size_t chunk_bytes_max = 64 * std::size_t{1024} * 1024;

// {"a","b"}: an array as the server reads it from text.
std::optional<std::string> array_text(const std::vector<std::string>& items) {
  if (items.empty()) return std::nullopt;
  std::string text = "{";
  for (const std::string& item : items) {
    text += text.size() == 1 ? "\"" : ",\"";
    for (const char c : item) {
      if (c == '"' || c == '\\') text += '\\';
      text += c;
    }
    text += '"';
  }
  return text += '}';
}

std::optional<std::string_view> view(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return std::string_view{*text};
}

bool depends(const NewTaskRow& row) {
  return !row.terms.depends_on.empty() || !row.parents.empty();
}

// Needs to know its id before it is inserted.
bool keyed(const NewTaskRow& row) {
  return row.unique_key || row.idempotency_key || row.seal || row.terms.batch_id || depends(row);
}

Params insert_params(std::span<const NewTaskRow* const> rows, std::span<const TaskId> ids,
                     Time now) {
  std::vector<std::optional<std::string>> tags;
  std::vector<std::optional<std::string>> terms;
  tags.reserve(rows.size());
  terms.reserve(rows.size());
  for (const NewTaskRow* row : rows) {
    tags.push_back(array_text(row->tags));
    terms.push_back(stored_terms(row->terms));
  }
  Params params;
  params.add(now)
      .array<std::int64_t>(ids)
      .array<JsonText>(rows, [](const NewTaskRow* row) { return JsonText{row->payload}; })
      .column<int>(rows, [](const NewTaskRow* row) { return row->type_id; })
      .column<int>(rows, [](const NewTaskRow* row) { return row->priority; })
      .column<int>(rows, [](const NewTaskRow* row) { return row->max_retries; })
      .array<Time>(rows, [](const NewTaskRow* row) { return row->scheduled_for; })
      .array<std::int64_t>(rows,
                           [](const NewTaskRow* row) -> std::optional<std::int64_t> {
                             if (!row->timeout) return std::nullopt;
                             return row->timeout->count();
                           })
      .array<std::string_view>(rows, [](const NewTaskRow* row) { return view(row->unique_key); })
      .array<std::string_view>(rows, [](const NewTaskRow* row) { return view(row->traceparent); })
      .array<std::string_view>(tags, [](const auto& text) { return view(text); })
      .array<JsonText>(terms,
                       [](const auto& text) -> std::optional<JsonText> {
                         if (!text) return std::nullopt;
                         return JsonText{*text};
                       })
      .array<Time>(rows, [](const NewTaskRow* row) { return row->terms.expires_at; });
  return params;
}

// insert.sql, for tasks without flows and for others.
struct InsertTexts {
  std::string plain = inlined(sql::insert, ":flows", 0);
  std::string flowing = inlined(sql::insert, ":flows", 1);
};

enum class Place : std::uint8_t { by_time, blocked };

// Cuts rows into statements.
std::vector<Statement> insert_statements(const RowRefs& rows, std::span<const TaskId> ids, Time now,
                                         Place place = Place::by_time) {
  static const InsertTexts texts;
  std::vector<Statement> statements;
  for (std::size_t from = 0; from < rows.size();) {
    std::size_t bytes = 0;
    std::size_t to = from;
    while (to < rows.size() && to - from < chunk_rows_max && bytes < chunk_bytes_max) {
      bytes += rows[to++]->payload.size();
    }
    const std::span<const NewTaskRow* const> chunk{rows.data() + from, to - from};
    const bool flows = std::ranges::any_of(
        chunk, [](const NewTaskRow* row) { return row->terms.flow_key.has_value(); });
    const std::string_view text = flows ? texts.flowing : texts.plain;
    statements.push_back(
        {.sql = place == Place::blocked ? sql::insert_blocked : text,
         .params = insert_params(chunk, ids.empty() ? ids : ids.subspan(from, to - from), now)});
    from = to;
  }
  return statements;
}

Expected<std::vector<TaskId>> draw_ids(Runner& runner, std::size_t count) {
  const Rows rows =
      ESTEIRA_TRY(runner.run(sql::insert_ids, Params{}.add(static_cast<std::int64_t>(count))));
  std::vector<TaskId> ids;
  for (int row = 0; row < rows.size(); ++row) ids.push_back(rows.integer(row, 0));
  return ids;
}

// The rows of one insert that carry keys, on their way.
struct KeyedInsert {
  std::span<const NewTaskRow> rows;
  std::vector<TaskId> ids;  // one a row, rising
  std::vector<InsertedTask> answers;
  Time now;
  // Rows that another one of this insert replaced, as they are to be.
  std::map<std::size_t, NewTaskRow> replaced{};
  // Where tasks that were replaced wait.
  std::vector<Waiting> moved{};
  HeldBack held{};

  // The row whose task this is, if it is one of this insert.
  [[nodiscard]] std::optional<std::size_t> place_of(TaskId task_id) const {
    const auto found = std::ranges::lower_bound(ids, task_id);
    if (found == ids.end() || *found != task_id) return std::nullopt;
    return static_cast<std::size_t>(found - ids.begin());
  }
};

// Takes the idempotency keys; a row whose key is taken already is answered with the first task.
Expected<void> take_idempotency_keys(Runner& runner, KeyedInsert& work) {
  std::vector<std::size_t> with;
  for (std::size_t i = 0; i < work.rows.size(); ++i) {
    if (work.rows[i].idempotency_key) with.push_back(i);
  }
  if (with.empty()) return {};
  const auto key = [&](std::size_t i) { return std::string_view{*work.rows[i].idempotency_key}; };
  const auto hash = [&](std::size_t i) { return std::string_view{work.rows[i].idempotency_hash}; };
  Params params;
  params.array<std::string_view>(with, key)
      .array<std::string_view>(with, hash)
      .array<std::int64_t>(with, [&](std::size_t i) { return work.ids[i]; })
      .add(work.now);
  ESTEIRA_TRY(runner.run(sql::insert_idempotency, params));
  const Rows held =
      ESTEIRA_TRY(runner.run(sql::read_idempotency, Params{}.array<std::string_view>(with, key)));
  if (static_cast<std::size_t>(held.size()) != with.size()) {
    return fail(ErrorCode::unavailable, "an idempotency key is just being removed");
  }
  for (int row = 0; row < held.size(); ++row) {
    const std::size_t i = with[static_cast<std::size_t>(held.integer(row, 0) - 1)];
    const TaskId holder = held.integer(row, 2);
    if (holder == work.ids[i]) continue;
    if (held.text(row, 1) != work.rows[i].idempotency_hash) {
      return std::unexpected(
          Error{.code = ErrorCode::invalid_argument,
                .message = "the idempotency key belongs to another task, created otherwise",
                .task_id = holder});
    }
    work.answers[i] = {.task_id = holder, .created = false};
  }
  return {};
}

// Rows that still want their unique keys.
using Open = std::vector<std::size_t>;

std::vector<KeyWish> wishes_of(const KeyedInsert& work, const Open& open) {
  std::vector<KeyWish> wishes;
  for (const std::size_t i : open) {
    const NewTaskRow& row = work.rows[i];
    wishes.push_back({.type_id = row.type_id,
                      .key = *row.unique_key,
                      .task_id = work.ids[i],
                      .scope = row.terms.unique_scope,
                      .until = row.terms.unique_until});
  }
  return wishes;
}

void leave_out(const KeyedInsert& work, Open& open, const std::set<TaskId>& taken) {
  std::erase_if(open, [&](std::size_t i) { return taken.contains(work.ids[i]); });
}

// A row of this very insert holds the key.
Expected<void> meet_own(KeyedInsert& work, std::size_t place, std::size_t holder) {
  const NewTaskRow& row = work.rows[place];
  if (row.on_conflict == OnConflict::refuse) return unique_conflict_of_batch();
  if (row.on_conflict == OnConflict::replace) {
    const auto [entry, added] = work.replaced.try_emplace(holder, work.rows[holder]);
    entry->second.payload = row.payload;
    entry->second.seal = row.seal;
    entry->second.terms.encrypted = row.terms.encrypted;
    entry->second.priority = row.priority;
    entry->second.scheduled_for = row.scheduled_for;
    entry->second.terms.expires_at = row.terms.expires_at;
  }
  work.answers[place] = {.task_id = work.ids[holder], .created = false};
  return {};
}

// Answers the rows whose keys are held, as each says; false: another look is needed.
Expected<bool> meet_holders(Runner& runner, KeyedInsert& work, const Open& open,
                            const std::map<TaskId, KeyHolder>& holders) {
  Replacements replacements;
  Open replacing;
  for (const std::size_t i : open) {
    const auto found = holders.find(work.ids[i]);
    if (found == holders.end() || found->second.ended) continue;
    const TaskId holder = found->second.task_id;
    if (const auto own = work.place_of(holder)) {
      ESTEIRA_TRY(meet_own(work, i, *own));
      continue;
    }
    if (work.rows[i].on_conflict == OnConflict::refuse) {
      return unique_conflict(OnConflict::refuse, holder);
    }
    if (work.rows[i].on_conflict == OnConflict::replace) {
      replacements.insert_or_assign(holder, &work.rows[i]);
      replacing.push_back(i);
      continue;
    }
    work.answers[i] = {.task_id = holder, .created = false};
  }
  if (replacing.empty()) return true;
  auto moved =
      ESTEIRA_TRY(replace_holders(runner, replacements, wishes_of(work, replacing), work.now));
  if (!moved) return false;
  work.moved.insert(work.moved.end(), moved->begin(), moved->end());
  for (const std::size_t i : replacing) {
    work.answers[i] = {.task_id = holders.at(work.ids[i]).task_id, .created = false};
  }
  return true;
}

// False: another look is needed.
Expected<bool> look_at_keys(Runner& runner, KeyedInsert& work, Open open) {
  const auto wishes = wishes_of(work, open);
  leave_out(work, open, ESTEIRA_TRY(take_free_keys(runner, wishes)));
  if (open.empty()) return true;
  const auto held = wishes_of(work, open);
  const auto holders = ESTEIRA_TRY(read_holders(runner, held, work.now));
  if (!ESTEIRA_TRY(meet_holders(runner, work, open, holders))) return false;
  std::erase_if(open, [&](std::size_t i) { return !work.answers[i].created; });
  if (open.empty()) return true;
  const auto ended = wishes_of(work, open);
  leave_out(work, open, ESTEIRA_TRY(take_ended_windows(runner, ended, work.now)));
  if (open.empty()) return true;
  // Another row of this insert may have taken the same one.
  const auto rest = wishes_of(work, open);
  const auto taken = ESTEIRA_TRY(read_holders(runner, rest, work.now));
  for (const std::size_t i : open) {
    const auto holder = taken.find(work.ids[i]);
    const auto own = holder == taken.end() ? std::nullopt : work.place_of(holder->second.task_id);
    if (!own) return false;
    ESTEIRA_TRY(meet_own(work, i, *own));
  }
  return true;
}

// Until each key is taken or its holder is met: who waited for a holder that was then rolled back,
// or met one that was just released, looks again.
Expected<void> settle_unique_keys(Runner& runner, KeyedInsert& work) {
  Open open;
  bool replaces = false;
  for (std::size_t i = 0; i < work.rows.size(); ++i) {
    if (!work.rows[i].unique_key || !work.answers[i].created) continue;
    open.push_back(i);
    replaces = replaces || work.rows[i].on_conflict == OnConflict::replace;
  }
  if (open.empty()) return {};
  const auto answers = work.answers;
  // One key that could not be taken leaves nothing behind.
  return try_looks(runner, replaces || open.size() > 1, [&]() -> Expected<bool> {
    work.answers = answers;
    work.replaced.clear();
    work.moved.clear();
    return look_at_keys(runner, work, open);
  });
}

// An idempotency key answers the task that its call was answered with. `own`: the rows whose key
// was taken by this insert.
Expected<void> move_idempotency_keys(Runner& runner, const KeyedInsert& work, const Open& own) {
  Open moved;
  for (const std::size_t i : own) {
    if (!work.answers[i].created) moved.push_back(i);
  }
  if (moved.empty()) return {};
  Params params;
  params
      .array<std::string_view>(
          moved, [&](std::size_t i) { return std::string_view{*work.rows[i].idempotency_key}; })
      .array<std::int64_t>(moved, [&](std::size_t i) { return work.answers[i].task_id; });
  ESTEIRA_TRY(runner.run(sql::move_idempotency, params));
  return {};
}

// Enciphers, for the ids that they have now, the payloads of those rows that ask for it.
Expected<std::vector<StoredCipher>> seal_payloads(RowRefs& rows, std::span<const TaskId> ids,
                                                  std::vector<NewTaskRow>& sealed) {
  std::vector<StoredCipher> ciphers;
  // No row may move once it is referred to.
  sealed.reserve(static_cast<std::size_t>(
      std::ranges::count_if(rows, [](const NewTaskRow* row) { return bool{row->seal}; })));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!rows[i]->seal) continue;
    auto one = ESTEIRA_TRY(rows[i]->seal(ids[i]));
    sealed.push_back(*rows[i]);
    sealed.back().payload = std::move(one.payload);
    rows[i] = &sealed.back();
    ciphers.push_back({.task_id = ids[i], .cipher = std::move(one.cipher)});
  }
  return ciphers;
}

Expected<void> join_batches_of(Runner& runner, const KeyedInsert& work) {
  std::vector<Joiner> joiners;
  for (std::size_t i = 0; i < work.rows.size(); ++i) {
    const auto& batch_id = work.rows[i].terms.batch_id;
    if (!batch_id || !work.answers[i].created) continue;
    joiners.push_back({.place = i, .task_id = work.ids[i], .batch_id = *batch_id});
  }
  return join_batches(runner, joiners, work.now);
}

// Those that depend on others of this insert learn their ids.
Expected<void> hold_dependants(Runner& runner, KeyedInsert& work) {
  std::vector<Dependant> dependants;
  std::vector<TaskId> fresh;
  for (std::size_t i = 0; i < work.rows.size(); ++i) {
    if (!work.answers[i].created) continue;
    fresh.push_back(work.ids[i]);
    if (!depends(work.rows[i])) continue;
    const NewTaskRow* row = &work.rows[i];
    if (!row->parents.empty()) {
      NewTaskRow& known = work.replaced.try_emplace(i, *row).first->second;
      for (const std::size_t parent : row->parents) {
        known.terms.depends_on.push_back(work.answers[parent].task_id);
      }
      row = &known;
    }
    dependants.push_back({.place = i, .task_id = work.ids[i], .terms = &row->terms});
  }
  if (!dependants.empty()) work.held = ESTEIRA_TRY(hold_back(runner, dependants, fresh));
  return {};
}

Expected<void> write_rows(Runner& runner, const KeyedInsert& work, Place place) {
  RowRefs rows;
  std::vector<TaskId> ids;
  for (std::size_t i = 0; i < work.rows.size(); ++i) {
    const bool blocked = work.held.places.contains(i);
    if (!work.answers[i].created || blocked != (place == Place::blocked)) continue;
    const auto replaced = work.replaced.find(i);
    rows.push_back(replaced == work.replaced.end() ? &work.rows[i] : &replaced->second);
    ids.push_back(work.ids[i]);
  }
  std::vector<NewTaskRow> sealed;
  const auto ciphers = ESTEIRA_TRY(seal_payloads(rows, ids, sealed));
  for (const Statement& statement : insert_statements(rows, ids, work.now, place)) {
    ESTEIRA_TRY(runner.run(statement.sql, statement.params));
  }
  return put_ciphers(runner, ciphers);
}

Expected<KeyedInsert> insert_keyed(Runner& runner, std::span<const NewTaskRow> rows, Time now) {
  KeyedInsert work{
      .rows = rows, .ids = ESTEIRA_TRY(draw_ids(runner, rows.size())), .answers = {}, .now = now};
  ESTEIRA_ASSERT(work.ids.size() == rows.size());
  for (const TaskId id : work.ids) work.answers.push_back({.task_id = id});
  ESTEIRA_TRY(take_idempotency_keys(runner, work));
  Open own;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (rows[i].idempotency_key && work.answers[i].created) own.push_back(i);
  }
  ESTEIRA_TRY(settle_unique_keys(runner, work));
  ESTEIRA_TRY(move_idempotency_keys(runner, work, own));
  ESTEIRA_TRY(join_batches_of(runner, work));
  ESTEIRA_TRY(hold_dependants(runner, work));
  ESTEIRA_TRY(write_rows(runner, work, Place::by_time));
  ESTEIRA_TRY(write_rows(runner, work, Place::blocked));
  ESTEIRA_TRY(put_edges(runner, work.held.edges));
  ESTEIRA_TRY(note_ends(runner, work.held.told, TaskStatus::failed));
  return work;
}

// The tasks that were held back.
std::vector<TaskId> held_ids(const KeyedInsert& work) {
  std::vector<TaskId> ids;
  for (const std::size_t place : work.held.places) ids.push_back(work.ids[place]);
  return ids;
}

RowRefs refs(std::span<const NewTaskRow> rows) {
  RowRefs refs;
  refs.reserve(rows.size());
  for (const NewTaskRow& row : rows) refs.push_back(&row);
  return refs;
}

void add_answers(const Rows& rows, std::vector<InsertedTask>& answers) {
  for (int row = 0; row < rows.size(); ++row) answers.push_back({.task_id = rows.integer(row, 0)});
}

}  // namespace

Expected<TaskId> insert_blocked(Runner& runner, const NewTaskRow& row, Time now) {
  const auto ids = ESTEIRA_TRY(draw_ids(runner, 1));
  RowRefs rows{&row};
  std::vector<NewTaskRow> sealed;
  const auto ciphers = ESTEIRA_TRY(seal_payloads(rows, ids, sealed));
  for (const Statement& statement : insert_statements(rows, ids, now, Place::blocked)) {
    ESTEIRA_TRY(runner.run(statement.sql, statement.params));
  }
  ESTEIRA_TRY(put_ciphers(runner, ciphers));
  return ids.front();
}

Expected<std::vector<InsertedTask>> Repository::insert(std::span<const NewTaskRow> rows, Time now) {
  if (rows.empty()) return std::vector<InsertedTask>{};
  const RecursiveLock lock{mutex_};
  for (const NewTaskRow& row : rows) {
    const Time run_at = row.scheduled_for.value_or(now);
    if (run_at <= now) lanes_.returned(row.type_id, row.priority, run_at);
  }
  if (std::ranges::any_of(rows, keyed)) {
    Transaction transaction{connection_};
    ESTEIRA_TRY(transaction.begin());
    auto work = ESTEIRA_TRY(insert_keyed(connection_, rows, now));
    ESTEIRA_TRY(transaction.commit());
    for (const Waiting& moved : work.moved) {
      if (moved.run_at <= now) lanes_.returned(moved.type_id, moved.priority, moved.run_at);
    }
    if (!work.held.told.empty()) tell(now);
    if (!work.held.places.empty()) look_again(held_ids(work), now);
    return std::move(work.answers);
  }
  const auto statements = insert_statements(refs(rows), {}, now);
  const auto results = ESTEIRA_TRY(connection_.transaction(Effect::writes, statements));
  std::vector<InsertedTask> answers;
  answers.reserve(rows.size());
  for (const Rows& result : results) add_answers(result, answers);
  ESTEIRA_ASSERT(answers.size() == rows.size());
  return answers;
}

Expected<std::vector<InsertedTask>> Repository::insert_within(CallerConnection connection,
                                                              std::span<const NewTaskRow> rows,
                                                              Time now) {
  pg_conn* const* handle = std::get_if<pg_conn*>(&connection);
  if (handle == nullptr) {
    return fail(ErrorCode::unsupported, "this store is PostgreSQL: a PGconn is needed");
  }
  if (*handle == nullptr || PQtransactionStatus(*handle) != PQTRANS_INTRANS) {
    return fail(ErrorCode::invalid_argument, "the connection has no open transaction");
  }
  if (rows.empty()) return std::vector<InsertedTask>{};
  // The savepoint takes back what a refused task has written, and keeps the caller's transaction
  // usable.
  CallerRunner runner{*handle};
  ESTEIRA_TRY(runner.run("SAVEPOINT esteira_insert", {}));
  auto work = insert_keyed(runner, rows, now);
  if (!work) ESTEIRA_TRY(runner.run("ROLLBACK TO SAVEPOINT esteira_insert", {}));
  ESTEIRA_TRY(runner.run("RELEASE SAVEPOINT esteira_insert", {}));
  if (!work) return std::unexpected(std::move(work).error());
  return std::move(work->answers);
}

}  // namespace esteira::postgres
