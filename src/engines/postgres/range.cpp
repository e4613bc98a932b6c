#include "engines/postgres/range.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "domain/limits.hpp"
#include "engines/postgres/change.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

namespace {

constexpr int stretch_tasks = 20'000;
// Of each table, in one transaction.
constexpr int sweep_rows = 5'000;
constexpr std::chrono::hours left_for{1};

std::optional<std::int64_t> us(const std::optional<Duration>& duration) {
  if (!duration) return std::nullopt;
  return duration->count();
}

struct ClosedRange {
  TaskId low = 0;
  TaskId high = 0;
  // From when on all of it can be due; nothing: it is empty.
  std::optional<Time> outlived_at;
};

Expected<std::vector<ClosedRange>> closed_ranges(Runner& runner, const PruneRequest& request) {
  Params params;
  params.add(us(request.completed_older)).add(us(request.failed_older));
  const Rows rows = ESTEIRA_TRY(runner.run(sql::ranges_closed, params));
  std::vector<ClosedRange> ranges;
  for (int row = 0; row < rows.size(); ++row) {
    ClosedRange& range = ranges.emplace_back(rows.integer(row, 0), rows.integer(row, 1));
    if (rows.null(row, 2) || rows.null(row, 3)) continue;
    const Duration kept{rows.integer(row, 3)};
    range.outlived_at = rows.time(row, 2) + std::max(kept, limits::range_age_min);
  }
  return ranges;
}

Expected<void> learn_range(Connection& connection, TaskId given) {
  const Rows rows = ESTEIRA_TRY(connection.read(sql::range_unlearned, Params{}.add(given)));
  if (rows.size() == 0) return {};
  ESTEIRA_TRY(connection.write(sql::range_learn, Params{}.add(rows.integer(0, 0))));
  return {};
}

// A lock that was not to be had in time.
bool in_the_way(const Error& error) { return error.code == ErrorCode::unavailable; }

}  // namespace

Expected<RangeStep> RangeKeeper::step(Connection& connection, const PruneRequest& request, Time now,
                                      int shard) {
  if (ESTEIRA_TRY(sweep(connection))) return RangeStep{.more = true};
  if (completed_older_ != request.completed_older || failed_older_ != request.failed_older) {
    look_.reset();
    left_until_.clear();
    completed_older_ = request.completed_older;
    failed_older_ = request.failed_older;
  }
  if (!look_) ESTEIRA_TRY(choose(connection, request, now));
  if (!look_) return RangeStep{};
  if (look_->whole) return drop(connection, now, shard);
  ESTEIRA_TRY(judge(connection, request, now));
  return RangeStep{.more = true};
}

// Rows that name tasks of a dropped range mean nothing to anybody; they go bit by bit.
Expected<bool> RangeKeeper::sweep(Connection& connection) {
  const Rows swept = ESTEIRA_TRY(connection.read(sql::range_swept));
  if (swept.size() == 0) return false;
  const TaskId low = swept.integer(0, 0);
  Params params;
  params.add(low).add(swept.integer(0, 1));
  const std::string some = inlined(sql::range_sweep, ":limit", sweep_rows);
  const Rows rows = ESTEIRA_TRY(connection.write(some, std::move(params)));
  if (rows.integer(0, 0) == 0) {
    ESTEIRA_TRY(connection.write(sql::range_forget, Params{}.add(low)));
  }
  return true;
}

Expected<void> RangeKeeper::choose(Connection& connection, const PruneRequest& request, Time now) {
  Transaction transaction{connection};
  ESTEIRA_TRY(transaction.begin());
  for (const ClosedRange& range : ESTEIRA_TRY(closed_ranges(connection, request))) {
    const auto left = left_until_.find(range.high);
    if (left != left_until_.end() && now < left->second) continue;
    if (range.outlived_at && now < *range.outlived_at) continue;
    const Rows reopened =
        ESTEIRA_TRY(transaction.run(sql::range_reopened, Params{}.add(range.low).add(range.high)));
    look_ = Look{.low = range.low,
                 .high = range.high,
                 .after = range.low - 1,
                 .reopened = std::string{reopened.text(0, 0)}};
    return {};
  }
  return {};
}

Expected<void> RangeKeeper::judge(Connection& connection, const PruneRequest& request, Time now) {
  Look& look = *look_;
  Params params;
  params.add(look.after).add(look.high).add(now);
  params.add(us(request.completed_older)).add(us(request.failed_older)).add(look.low);
  const std::string stretch = inlined(sql::range_stretch, ":limit", stretch_tasks);
  const Rows rows = ESTEIRA_TRY(connection.read(stretch, std::move(params)));
  std::int64_t seen = 0;
  for (int row = 0; row < rows.size(); ++row) {
    // With an archive, tasks go by themselves.
    if (rows.null(row, 1) || request.archive != nullptr) {
      leave(now);
      return {};
    }
    const TaskStatus status = ESTEIRA_TRY(parse_task_status(rows.text(row, 1)));
    look.ended[{rows.small(row, 0), status}] += rows.integer(row, 2);
    look.places += rows.integer(row, 3);
    look.after = std::max(look.after, rows.integer(row, 4));
    seen += rows.integer(row, 2);
  }
  look.tasks += seen;
  look.whole = seen < stretch_tasks;
  return {};
}

Expected<RangeStep> RangeKeeper::drop(Connection& connection, Time now, int shard) {
  const Look& look = *look_;
  Transaction transaction{connection};
  ESTEIRA_TRY(transaction.begin());
  ESTEIRA_TRY(transaction.run(sql::range_wait));
  const auto held = transaction.run(sql::range_hold, Params{}.add(look.high));
  // What was found is still worth something the next time.
  if (!held && in_the_way(held.error())) return RangeStep{};
  if (!held) return std::unexpected(held.error());
  if (!held->truth(0, 0)) {
    look_.reset();
    return RangeStep{.more = true};
  }
  const Params bounds = Params{}.add(look.low).add(look.high);
  const Rows orders = ESTEIRA_TRY(transaction.run(sql::range_held, bounds));
  const Rows reopened = ESTEIRA_TRY(transaction.run(sql::range_reopened, bounds));
  const bool same = orders.integer(0, 0) == look.tasks && orders.integer(0, 1) == look.places &&
                    reopened.text(0, 0) == look.reopened;
  if (!same) {
    leave(now);
    return RangeStep{.more = true};
  }
  StatsBook stats;
  for (const auto& [kind, count] : look.ended) {
    stats.add_ended(kind.first, kind.second, now, -count);
  }
  ESTEIRA_TRY(transaction.run(sql::range_unique, bounds));
  ESTEIRA_TRY(transaction.run(sql::range_leased, bounds));
  ESTEIRA_TRY(write_stats(connection, stats, shard));
  const auto dropped = transaction.run(sql::range_drop, Params{}.add(look.high));
  if (!dropped && in_the_way(dropped.error())) return RangeStep{};
  if (!dropped) return std::unexpected(dropped.error());
  ESTEIRA_TRY(transaction.commit());
  const RangeStep step{.dropped = true, .tasks = look.tasks, .more = true};
  look_.reset();
  return step;
}

void RangeKeeper::leave(Time now) {
  left_until_[look_->high] = now + left_for;
  look_.reset();
}

Expected<void> make_range_ahead(Connection& connection) {
  const Rows rows = ESTEIRA_TRY(connection.read(sql::ranges_missing));
  const TaskId given = rows.integer(0, 0);
  const TaskId made = rows.integer(0, 1);
  const std::int64_t width = rows.integer(0, 2);
  if (!rows.truth(0, 3)) return {};
  ESTEIRA_TRY(learn_range(connection, given));
  // Half a range is time enough; each that there is costs every statement a little.
  if (made - given >= width / 2) return {};
  // Where the ids have run ahead of the ranges, some stand among the rest: the next range begins
  // beyond all that are under way.
  const TaskId low = given < made ? made : (given / width + 2) * width;
  Transaction transaction{connection};
  ESTEIRA_TRY(transaction.begin());
  ESTEIRA_TRY(transaction.run(sql::range_wait));
  const auto done = transaction.run(sql::range_make, Params{}.add(low).add(low + width));
  if (!done && in_the_way(done.error())) return {};
  if (!done) return std::unexpected(done.error());
  return transaction.commit();
}

Expected<TaskId> spared_below(Runner& runner, const PruneRequest& request, Time now) {
  if (!request.spares_ranges || request.archive != nullptr) return 0;
  TaskId below = 0;
  for (const ClosedRange& range : ESTEIRA_TRY(closed_ranges(runner, request))) {
    if (range.outlived_at && *range.outlived_at > now + limits::range_drop_wait) break;
    below = range.high;
  }
  return below;
}

}  // namespace esteira::postgres
