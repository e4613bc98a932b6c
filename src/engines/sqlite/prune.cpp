#include "engines/sqlite/prune.hpp"

#include <array>

#include "domain/limits.hpp"
#include "engines/sqlite/operations.hpp"
#include "engines/sqlite/record.hpp"
#include "engines/sqlite/stats_book.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

using namespace std::chrono_literals;

constexpr auto start_over_after = 1h;
// So many tasks in a row that are too young even to have been created in time end the search. One
// alone does not: a clock that stood in the future for a moment must not hide what follows.
constexpr int young_tasks_max = 1000;

constexpr auto worker_kept = 24h;
constexpr auto stats_kept = 24h * 30;
constexpr int tidy_rows_max = 1000;
// As many as a busy file gets in a few seconds: more than are written while maintenance rests.
constexpr int tidy_changes_max = 10'000;

// How long an ended task is kept, or nothing for one that has not ended.
std::optional<Duration> kept_for(const Query& row, const PruneRequest& request) {
  const auto status = row.view(2);
  if (status == "COMPLETED") return request.completed_older.value_or(row.duration(4));
  if (status == "FAILED") return request.failed_older.value_or(row.duration(5));
  if (status == "CANCELLED") return request.failed_older.value_or(row.duration(6));
  return std::nullopt;
}

// The shortest of what the row's type keeps: a task created after that can't be old enough.
Duration shortest(const Query& row, const PruneRequest& request) {
  return std::min({request.completed_older.value_or(row.duration(4)),
                   request.failed_older.value_or(row.duration(5)),
                   request.failed_older.value_or(row.duration(6))});
}

Expected<bool> exists(Connection& connection, std::string_view statement, Time before) {
  auto query = ESTEIRA_TRY(connection.query(statement));
  query.bind(before, tidy_rows_max);
  return query.step();
}

}  // namespace

Expected<std::vector<TaskId>> Pruner::find(Connection& connection, const PruneRequest& request,
                                           Time now) {
  TaskId looked_to = 0;
  // Other retentions ask other questions: they look at everything.
  if (request.completed_older || request.failed_older) {
    return find_after(connection, 0, request, now, looked_to);
  }
  const auto since = now - started_over_at_;
  if (since >= start_over_after || since < Duration{0}) {
    looked_to_ = 0;
    started_over_at_ = now;
  }
  auto found = ESTEIRA_TRY(find_after(connection, looked_to_, request, now, looked_to));
  looked_to_ = looked_to;
  return found;
}

Expected<std::vector<TaskId>> Pruner::find_after(Connection& connection, TaskId after,
                                                 const PruneRequest& request, Time now,
                                                 TaskId& looked_to) {
  looked_to = after;
  std::vector<TaskId> found;
  int young = 0;
  auto query = ESTEIRA_TRY(connection.query(sql::prune_candidates));
  query.bind(after);
  while (std::ssize(found) < request.limit && young < young_tasks_max &&
         ESTEIRA_TRY(query.step())) {
    const auto task_id = query.integer(0);
    if (query.time(1) > now - shortest(query, request)) {
      ++young;
      continue;
    }
    young = 0;
    looked_to = task_id;
    const auto kept = kept_for(query, request);
    if (kept && query.time(3) <= now - *kept) found.push_back(task_id);
  }
  return found;
}

Expected<std::int64_t> Pruner::erase(Connection& connection, const std::vector<TaskId>& ids,
                                     TaskArchive* archive) {
  StatsBook stats;
  std::vector<TaskId> ended;
  for (const auto task_id : ids) {
    // Between the look and this transaction a person may have retried or deleted it.
    auto query = ESTEIRA_TRY(connection.query(sql::prune_check));
    query.bind(task_id);
    if (!ESTEIRA_TRY(query.step())) continue;
    stats.add_ended(query.small(1), ESTEIRA_TRY(parse_task_status(query.view(0))), -1);
    ended.push_back(task_id);
  }
  if (ended.empty()) return 0;
  std::unique_ptr<ArchiveFile> file;
  if (archive != nullptr) file = ESTEIRA_TRY(write_records(connection, *archive, ended));
  for (const auto task_id : ended) ESTEIRA_TRY(erase_task(connection, task_id));
  ESTEIRA_TRY(strike_from_leases(connection, ended));
  ESTEIRA_TRY(stats.write(connection));
  if (file) ESTEIRA_TRY(file->keep());
  return std::ssize(ended);
}

Expected<void> tidy(Connection& connection, Time now) {
  struct Kept {
    std::string_view find;
    std::string_view clear;
    Time before;
    int rows = tidy_rows_max;
  };
  const Time minute = std::chrono::floor<std::chrono::minutes>(now - stats_kept);
  const Time keyed = now - limits::idempotency_kept;
  const std::array all{
      Kept{.find = sql::stats_old, .clear = sql::stats_tidy, .before = minute},
      Kept{.find = sql::idempotency_old, .clear = sql::idempotency_tidy, .before = keyed},
      Kept{.find = sql::answers_old, .clear = sql::answers_tidy, .before = keyed},
      Kept{.find = sql::sessions_old, .clear = sql::sessions_tidy, .before = now},
      Kept{.find = sql::flow_buckets_old, .clear = sql::flow_buckets_tidy, .before = now},
      Kept{.find = sql::unique_old, .clear = sql::unique_tidy, .before = now},
      Kept{.find = sql::workers_old, .clear = sql::workers_tidy, .before = now - worker_kept},
      Kept{.find = sql::operations_old,
           .clear = sql::operations_tidy,
           .before = now - limits::operation_kept},
      Kept{.find = sql::schedule_runs_old,
           .clear = sql::schedule_runs_tidy,
           .before = now - limits::schedule_runs_kept},
      Kept{.find = sql::batches_old,
           .clear = sql::batch_members_tidy,
           .before = now - limits::batch_kept,
           .rows = tidy_changes_max},
      Kept{
          .find = sql::batches_old, .clear = sql::batches_tidy, .before = now - limits::batch_kept},
      Kept{.find = sql::changes_old,
           .clear = sql::changes_tidy,
           .before = now - limits::changes_kept,
           .rows = tidy_changes_max},
  };
  bool any = false;
  for (const auto& one : all) any = any || ESTEIRA_TRY(exists(connection, one.find, one.before));
  if (!any) return {};
  auto transaction = ESTEIRA_TRY(Transaction::begin(connection));
  for (const auto& one : all) ESTEIRA_TRY(connection.run(one.clear, one.before, one.rows));
  return transaction.commit();
}

}  // namespace esteira::sqlite
