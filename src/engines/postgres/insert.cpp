// Creating tasks: one statement, unless keys ask for a look first.
#include <algorithm>
#include <numeric>

#include <libpq-fe.h>

#include "base/assert.hpp"
#include "engines/postgres/repository.hpp"
#include "postgres_sql.hpp"

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

bool keyed(const NewTaskRow& row) { return row.unique_key || row.idempotency_key; }

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
      .array<JsonText>(terms, [](const auto& text) -> std::optional<JsonText> {
        if (!text) return std::nullopt;
        return JsonText{*text};
      });
  return params;
}

// insert.sql, for tasks without flows and for others.
struct InsertTexts {
  std::string plain = inlined(sql::insert, ":flows", 0);
  std::string flowing = inlined(sql::insert, ":flows", 1);
};

// Cuts rows into statements.
std::vector<Statement> insert_statements(const RowRefs& rows, std::span<const TaskId> ids,
                                         Time now) {
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
    statements.push_back(
        {.sql = flows ? texts.flowing : texts.plain,
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
  std::vector<TaskId> ids;  // one a row
  std::vector<InsertedTask> answers;
  Time now;
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

Expected<void> take_unique_keys(Runner& runner, const KeyedInsert& work) {
  std::vector<std::size_t> with;
  for (std::size_t i = 0; i < work.rows.size(); ++i) {
    if (work.rows[i].unique_key && work.answers[i].created) with.push_back(i);
  }
  if (with.empty()) return {};
  Params params;
  params.array<int>(with, [&](std::size_t i) { return work.rows[i].type_id; })
      .array<std::string_view>(
          with, [&](std::size_t i) { return std::string_view{*work.rows[i].unique_key}; })
      .array<std::int64_t>(with, [&](std::size_t i) { return work.ids[i]; });
  const Rows taken = ESTEIRA_TRY(runner.run(sql::insert_unique, params));
  if (static_cast<std::size_t>(taken.size()) == with.size()) return {};
  const Rows held = ESTEIRA_TRY(runner.run(sql::read_unique, params));
  if (held.size() == 0) {
    return fail(ErrorCode::unavailable, "a unique key is just being released");
  }
  Error error{.code = ErrorCode::conflict,
              .message = "another task that waits or runs holds this unique key"};
  // A holder of this very batch is never created.
  const TaskId holder = held.integer(0, 1);
  if (std::ranges::find(work.ids, holder) == work.ids.end()) error.task_id = holder;
  return std::unexpected(std::move(error));
}

Expected<std::vector<InsertedTask>> insert_keyed(Runner& runner, std::span<const NewTaskRow> rows,
                                                 Time now) {
  KeyedInsert work{
      .rows = rows, .ids = ESTEIRA_TRY(draw_ids(runner, rows.size())), .answers = {}, .now = now};
  ESTEIRA_ASSERT(work.ids.size() == rows.size());
  for (const TaskId id : work.ids) work.answers.push_back({.task_id = id});
  ESTEIRA_TRY(take_idempotency_keys(runner, work));
  ESTEIRA_TRY(take_unique_keys(runner, work));
  RowRefs fresh;
  std::vector<TaskId> fresh_ids;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!work.answers[i].created) continue;
    fresh.push_back(&rows[i]);
    fresh_ids.push_back(work.ids[i]);
  }
  for (const Statement& statement : insert_statements(fresh, fresh_ids, now)) {
    ESTEIRA_TRY(runner.run(statement.sql, statement.params));
  }
  return std::move(work.answers);
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
    auto answers = ESTEIRA_TRY(insert_keyed(connection_, rows, now));
    ESTEIRA_TRY(transaction.commit());
    return answers;
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
  const auto answers = insert_keyed(runner, rows, now);
  if (!answers) ESTEIRA_TRY(runner.run("ROLLBACK TO SAVEPOINT esteira_insert", {}));
  ESTEIRA_TRY(runner.run("RELEASE SAVEPOINT esteira_insert", {}));
  return answers;
}

}  // namespace esteira::postgres
