// Changes are read by snapshots: numbers of a sequence are committed out of order, and a reader
// that remembers the highest would pass over what comes late. A cursor is the snapshot of a look,
// as the server writes it: xmin:xmax:xip,xip.
#include "engines/postgres/changes.hpp"

#include <algorithm>
#include <charconv>
#include <set>

#include "base/assert.hpp"
#include "engines/postgres/repository.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

namespace {

// So many changes are looked through at once; of more, the newest.
constexpr std::int64_t changes_max = 1000;
// A snapshot names the transactions that are under way: one a server connection.
constexpr std::size_t cursor_bytes_max = 16 * 1024;

// A number and the sign behind it, or the end.
std::optional<std::uint64_t> take_number(std::string_view& text, char sign) {
  std::uint64_t number = 0;
  const char* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || number == 0) return std::nullopt;
  if (stop != end && *stop != sign) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(stop - text.data()) + (stop == end ? 0 : 1));
  return number;
}

// What the server would refuse is refused here, where it is told from a fault of ours.
bool is_snapshot(std::string_view text) {
  if (text.size() > cursor_bytes_max || std::ranges::count(text, ':') != 2) return false;
  const auto xmin = take_number(text, ':');
  const auto xmax = xmin ? take_number(text, ':') : std::nullopt;
  if (!xmax || *xmin > *xmax || text.ends_with(',')) return false;
  std::uint64_t last = 0;
  while (!text.empty()) {
    const auto xid = take_number(text, ',');
    if (!xid || *xid < *xmin || *xid >= *xmax || *xid <= last) return false;
    last = *xid;
  }
  return true;
}

}  // namespace

Statement change_statement(std::span<const TaskId> ids, Time now) {
  return {.sql = sql::change_insert, .params = Params{}.add(now).array<std::int64_t>(ids)};
}

Expected<ChangesPage> Repository::changes(const std::optional<std::string>& after, int limit) {
  if (after && !is_snapshot(*after)) {
    return fail(ErrorCode::invalid_argument, "this is no place among the changes");
  }
  const RecursiveLock lock{mutex_};
  std::optional<std::string_view> snapshot;
  if (after) snapshot = *after;
  Params params;
  params.add(snapshot).add(changes_max + 1);
  const Rows rows = ESTEIRA_TRY(connection_.read(sql::changes, std::move(params)));
  ChangesPage page{.more = rows.size() - 1 > changes_max};
  std::set<TaskId> ids;
  for (int row = 0; row < rows.size(); ++row) {
    if (!rows.null(row, 0)) {
      page.cursor = rows.text(row, 0);
      page.missed = rows.truth(row, 1);
    } else if (rows.null(row, 2)) {
      page.more = true;
    } else {
      for (const TaskId id : rows.integers(row, 2)) ids.insert(id);
    }
  }
  ESTEIRA_ASSERT(!page.cursor.empty());
  if (page.missed) return ChangesPage{.cursor = std::move(page.cursor), .missed = true};
  const auto wanted = static_cast<std::size_t>(std::max(limit, 0));
  page.more = page.more || ids.size() > wanted;
  // Of too many the youngest: they are looked at first.
  const auto surplus = ids.size() - std::min(ids.size(), wanted);
  page.task_ids.assign(std::next(ids.begin(), static_cast<std::ptrdiff_t>(surplus)), ids.end());
  return page;
}

Expected<std::vector<TaskState>> Repository::task_states(std::span<const TaskId> ids) {
  const RecursiveLock lock{mutex_};
  const Rows rows =
      ESTEIRA_TRY(connection_.read(sql::task_states, Params{}.array<std::int64_t>(ids)));
  std::vector<TaskState> states;
  for (int row = 0; row < rows.size(); ++row) {
    TaskState& state = states.emplace_back();
    state.task_id = rows.integer(row, 0);
    state.type = rows.text(row, 1);
    state.status = ESTEIRA_TRY(parse_task_status(rows.text(row, 2)));
    state.attempt = rows.small(row, 3);
    state.priority = rows.small(row, 4);
    state.retries = rows.small(row, 5);
    state.worker = rows.text_or(row, 6);
    if (!rows.null(row, 7)) state.progress = rows.real(row, 7);
    state.scheduled_for = rows.time_or(row, 8);
    state.updated_at = rows.time_or(row, 9);
  }
  return states;
}

}  // namespace esteira::postgres
