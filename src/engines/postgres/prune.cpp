// The retention and the rest of the housekeeping.
#include <algorithm>
#include <array>

#include "base/assert.hpp"
#include "domain/limits.hpp"
#include "engines/postgres/change.hpp"
#include "engines/postgres/range.hpp"
#include "engines/postgres/record.hpp"
#include "engines/postgres/repository.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

namespace {

std::optional<std::int64_t> us(const std::optional<Duration>& duration) {
  if (!duration) return std::nullopt;
  return duration->count();
}

// A walk over the orders from the oldest on, in stretches, once around from where the last walk
// stopped.
class PruneWalk {
 public:
  PruneWalk(Connection& connection, const PruneRequest& request, TaskId after, Time now)
      : connection_(connection), request_(request), begun_after_(after), after_(after), now_(now) {}

  Expected<std::vector<TaskId>> find() {
    Params params;
    params.add(now_).add(us(request_.completed_older)).add(us(request_.failed_older));
    const Rows youngest = ESTEIRA_TRY(connection_.read(sql::prune_youngest, std::move(params)));
    std::vector<TaskId> due;
    if (youngest.null(0, 0)) return due;
    youngest_ = youngest.time(0, 0);
    ESTEIRA_TRY(spare_ranges());
    while (!ended_ && static_cast<int>(due.size()) < request_.limit) {
      ESTEIRA_TRY(walk_stretch(due));
    }
    if (ended_) after_ = 0;
    return due;
  }
  // Where the next walk goes on.
  [[nodiscard]] TaskId after() const { return after_; }

 private:
  Expected<void> spare_ranges() {
    Transaction transaction{connection_};
    ESTEIRA_TRY(transaction.begin());
    spared_below_ = ESTEIRA_TRY(spared_below(connection_, request_, now_));
    return transaction.commit();
  }

  Expected<void> walk_stretch(std::vector<TaskId>& due) {
    const int wanted = request_.limit - static_cast<int>(due.size());
    const std::string sql = inlined(sql::prune_walk, ":limit", wanted);
    Params params;
    params.add(after_).add(youngest_).add(now_);
    params.add(us(request_.completed_older)).add(us(request_.failed_older));
    params.add(spared_below_).add(std::int64_t{limits::range_drop_wait.count()});
    const Rows rows = ESTEIRA_TRY(connection_.read(sql, std::move(params)));
    // The ids are about as old as their order: once a whole stretch is too young, so is the rest.
    const bool last = rows.integer(0, 2) == 0 || rows.time(0, 1) > youngest_;
    std::vector<TaskId> found = rows.integers(0, 3);
    if (last) {
      ended_ = wrapped_ || begun_after_ == 0;
      wrapped_ = true;
      after_ = 0;
      return {};
    }
    const bool full = static_cast<int>(found.size()) == wanted;
    after_ = full ? found.back() : rows.integer(0, 0);
    ended_ = wrapped_ && after_ >= begun_after_;
    due.insert(due.end(), found.begin(), found.end());
    return {};
  }

  Connection& connection_;
  const PruneRequest& request_;
  const TaskId begun_after_;
  TaskId after_;
  const Time now_;
  Time youngest_{};
  TaskId spared_below_ = 0;
  bool wrapped_ = false;
  bool ended_ = false;
};

}  // namespace

Expected<std::int64_t> Repository::prune(const PruneRequest& request, Time now) {
  const RecursiveLock lock{mutex_};
  // The walk may be long, and an open transaction would keep every dead row of the queue meanwhile.
  PruneWalk walk{connection_, request, prune_after_, now};
  const std::vector<TaskId> due = ESTEIRA_TRY(walk.find());
  if (due.empty()) {
    prune_after_ = walk.after();
    return 0;
  }
  Transaction transaction{connection_};
  ESTEIRA_TRY(transaction.begin());
  const Rows locked =
      ESTEIRA_TRY(transaction.run(sql::prune_lock, Params{}.array<std::int64_t>(due)));
  std::vector<TaskId> ids;
  for (int row = 0; row < locked.size(); ++row) ids.push_back(locked.integer(row, 0));
  std::vector<TaskId> ended;
  StatsBook stats;
  for (const Standing& standing : ESTEIRA_TRY(standings(connection_, ids))) {
    if (!standing.ended()) continue;
    ended.push_back(standing.task_id);
    stats.add_ended(standing.type_id, standing.status, now, -1);
  }
  std::unique_ptr<ArchiveFile> file;
  if (request.archive != nullptr && !ended.empty()) {
    file = ESTEIRA_TRY(write_records(connection_, *request.archive, ended));
  }
  ESTEIRA_TRY(erase(connection_, ended));
  ESTEIRA_TRY(write_stats(connection_, stats, shard_));
  if (file) ESTEIRA_TRY(file->keep());
  ESTEIRA_TRY(transaction.commit());
  tell_if_noted(now);
  prune_after_ = walk.after();
  return static_cast<std::int64_t>(ended.size());
}

Expected<RangeStep> Repository::drop_range(const PruneRequest& request, Time now) {
  const RecursiveLock lock{mutex_};
  return ranges_.step(connection_, request, now, shard_);
}

Expected<void> Repository::maintain(Time now) {
  const RecursiveLock lock{mutex_};
  std::vector<Statement> statements;
  for (const std::string_view sql :
       {sql::maintain_keys, sql::maintain_answers, sql::maintain_workers, sql::maintain_operations,
        sql::maintain_stats, sql::maintain_statuses, sql::maintain_change_marks,
        sql::maintain_changes, sql::maintain_sessions, sql::maintain_flow_buckets,
        sql::maintain_unique, sql::maintain_schedule_runs, sql::maintain_batches}) {
    statements.push_back({.sql = sql, .params = Params{}.add(now)});
  }
  ESTEIRA_TRY(connection_.transaction(Effect::writes, statements));
  return make_range_ahead(connection_);
}

}  // namespace esteira::postgres
