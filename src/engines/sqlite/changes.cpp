// Changes: which tasks a transaction touched, written by it and read by who shows them. SQLite has
// one writer at a time, so that numbers are in the order of the commits.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "domain/limits.hpp"
#include "engines/sqlite/operations.hpp"
#include "esteira/json.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

// So many changes are looked through at once; of more, the newest.
constexpr int changes_max = 1000;

Expected<std::int64_t> parse_cursor(const std::string& text) {
  std::int64_t seq = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seq);
  const bool digits = std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (error == std::errc{} && end == text.data() + text.size() && digits) return seq;
  return fail(ErrorCode::invalid_argument, "this is no place among the changes");
}

Expected<std::int64_t> read_number(Connection& connection, std::string_view sql) {
  auto query = ESTEIRA_TRY(connection.query(sql));
  return ESTEIRA_TRY(query.step()) ? query.integer(0) : 0;
}

Expected<std::vector<TaskId>> read_ids(std::string_view text) {
  const auto ids = ESTEIRA_TRY(parse_json(text));
  if (!ids.is_array()) return fail(ErrorCode::internal, "a change names no tasks");
  std::vector<TaskId> read;
  for (const auto& id : ids.get_array()) {
    if (id.is_int64()) read.push_back(id.get_int64());
  }
  return read;
}

// What changed after `after` up to the newest change.
Expected<void> read_changes(Connection& connection, std::int64_t after, std::int64_t newest,
                            std::size_t limit, ChangesPage& page) {
  auto query = ESTEIRA_TRY(connection.query(sql::changes));
  query.bind(after, newest, changes_max + 1);
  int rows = 0;
  while (!page.more && ESTEIRA_TRY(query.step())) {
    page.more = ++rows > changes_max || query.is_null(0);
    if (page.more) break;
    for (const TaskId id : ESTEIRA_TRY(read_ids(query.view(0)))) {
      const auto place = std::ranges::lower_bound(page.task_ids, id);
      if (place != page.task_ids.end() && *place == id) continue;
      page.more = page.task_ids.size() >= limit;
      if (page.more) break;
      page.task_ids.insert(place, id);
    }
  }
  return {};
}

}  // namespace

Expected<void> write_change(Connection& connection, std::vector<TaskId> ids, Time now) {
  if (ids.empty()) return {};
  std::ranges::sort(ids);
  const auto repeated = std::ranges::unique(ids);
  ids.erase(repeated.begin(), repeated.end());
  std::optional<std::string> named;
  if (ids.size() <= limits::change_ids_max) named = fmt::format("[{}]", fmt::join(ids, ","));
  return connection.run(sql::change_insert, now, named);
}

Expected<ChangesPage> changes(Connection& connection, const std::optional<std::string>& after,
                              int limit) {
  std::int64_t seen = 0;
  if (after) seen = ESTEIRA_TRY(parse_cursor(*after));
  const auto newest = ESTEIRA_TRY(read_number(connection, sql::changes_last));
  ChangesPage page{.cursor = std::to_string(newest)};
  if (!after) return page;
  ESTEIRA_TRY(
      read_changes(connection, seen, newest, static_cast<std::size_t>(std::max(limit, 0)), page));
  // Read last: what is removed meanwhile is missed, not overlooked.
  const auto oldest = ESTEIRA_TRY(read_number(connection, sql::changes_first));
  page.missed = seen > newest || oldest > seen + 1;
  if (page.missed) {
    page.more = false;
    page.task_ids.clear();
  }
  return page;
}

Expected<std::vector<TaskState>> task_states(Connection& connection, std::span<const TaskId> ids) {
  std::vector<TaskState> states;
  for (const auto task_id : ids) {
    auto row = ESTEIRA_TRY(connection.query(sql::task_state));
    row.bind(task_id);
    if (!ESTEIRA_TRY(row.step())) continue;
    auto& state = states.emplace_back();
    state.task_id = row.integer(0);
    state.type = row.text(1);
    state.status = ESTEIRA_TRY(parse_task_status(row.view(2)));
    state.attempt = row.small(3);
    state.priority = row.small(4);
    state.retries = row.small(5);
    state.worker = row.optional_text(6);
    if (!row.is_null(7)) state.progress = row.real(7);
    state.scheduled_for = row.optional_time(8);
    state.updated_at = row.optional_time(9);
  }
  std::ranges::sort(states, {}, &TaskState::task_id);
  return states;
}

}  // namespace esteira::sqlite
