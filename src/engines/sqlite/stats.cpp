#include <map>

#include "domain/histogram.hpp"
#include "engines/sqlite/operations.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

double seconds(Duration duration) { return std::chrono::duration<double>(duration).count(); }

// What the window says of one type.
struct Window {
  std::array<std::int64_t, execution_statuses> executions{};
  std::vector<BucketCount> run;
  std::vector<BucketCount> wait;
};

Percentiles percentiles(const std::vector<BucketCount>& counts) {
  return {.p50 = seconds(histogram_quantile(counts, 0.50)),
          .p95 = seconds(histogram_quantile(counts, 0.95)),
          .p99 = seconds(histogram_quantile(counts, 0.99))};
}

Expected<std::map<TypeId, Window>> read_windows(Connection& connection, Time now) {
  const auto last = std::chrono::floor<std::chrono::minutes>(now).time_since_epoch().count();
  std::map<TypeId, Window> windows;
  auto query = ESTEIRA_TRY(connection.query(sql::stats_window));
  query.bind(last - stats_window.count());
  while (ESTEIRA_TRY(query.step())) {
    auto& window = windows[query.small(1)];
    const auto measure = query.view(0);
    const BucketCount count{.bucket = query.small(2), .count = query.integer(3)};
    if (measure == "run") {
      window.run.push_back(count);
    } else if (measure == "wait") {
      window.wait.push_back(count);
    } else if (count.bucket >= 0 && count.bucket < execution_statuses) {
      window.executions[static_cast<std::size_t>(count.bucket)] = count.count;
    }
  }
  return windows;
}

void add_window(const Window& window, TypeStats& stats) {
  const auto count = [&](ExecutionStatus status) {
    return static_cast<double>(window.executions[static_cast<std::size_t>(status)]);
  };
  const double completed = count(ExecutionStatus::completed);
  const double failed = count(ExecutionStatus::failed) + count(ExecutionStatus::timed_out);
  const auto minutes = static_cast<double>(stats_window.count());
  stats.completed_per_minute = completed / minutes;
  stats.failed_per_minute = failed / minutes;
  if (completed + failed > 0) stats.failure_rate = failed / (completed + failed);
  stats.wait_seconds = percentiles(window.wait);
  stats.run_seconds = percentiles(window.run);
}

// Adds (type, count) rows of `statement` to the types.
Expected<void> add_counts(Connection& connection, std::string_view statement, Time now,
                          std::map<TypeId, TypeStats>& types,
                          const std::function<void(TypeStats&, const Query&)>& add) {
  auto query = ESTEIRA_TRY(connection.query(statement));
  query.bind(now);
  while (ESTEIRA_TRY(query.step())) {
    const auto type = types.find(query.small(0));
    if (type != types.end()) add(type->second, query);
  }
  return {};
}

Expected<void> add_waiting_and_running(Connection& connection, Time now,
                                       std::map<TypeId, TypeStats>& types) {
  for (const auto statement :
       {sql::count_ready, sql::count_queued, sql::count_scheduled, sql::count_blocked}) {
    ESTEIRA_TRY(
        add_counts(connection, statement, now, types, [&](TypeStats& stats, const Query& row) {
          stats.pending += row.integer(1);
          stats.ready += row.integer(2);
          const double waited = seconds(now - row.time(3));
          stats.oldest_waiting_seconds = std::max(stats.oldest_waiting_seconds, waited);
        }));
  }
  return add_counts(connection, sql::count_running, now, types,
                    [](TypeStats& stats, const Query& row) { stats.processing = row.integer(1); });
}

Expected<void> add_statuses(Connection& connection, Stats& stats) {
  auto query = ESTEIRA_TRY(connection.query(sql::count_ended));
  while (ESTEIRA_TRY(query.step())) {
    const auto status = query.integer(0);
    if (status < 0 || status >= task_statuses) continue;
    stats.by_status[static_cast<std::size_t>(status)] += query.integer(1);
  }
  for (const auto& type : stats.types) {
    stats.by_status[static_cast<std::size_t>(TaskStatus::pending)] += type.pending;
    stats.by_status[static_cast<std::size_t>(TaskStatus::processing)] += type.processing;
  }
  return {};
}

}  // namespace

Expected<Stats> stats(Connection& connection, Time now) {
  std::map<TypeId, TypeStats> by_id;
  const auto all = ESTEIRA_TRY(types(connection));
  for (const auto& type : all) by_id[type.type_id].type = type.name;
  ESTEIRA_TRY(add_waiting_and_running(connection, now, by_id));
  for (const auto& [type_id, window] : ESTEIRA_TRY(read_windows(connection, now))) {
    const auto type = by_id.find(type_id);
    if (type != by_id.end()) add_window(window, type->second);
  }
  Stats stats{.generated_at = now};
  for (const auto& type : all) stats.types.push_back(std::move(by_id[type.type_id]));
  ESTEIRA_TRY(add_statuses(connection, stats));
  return stats;
}

}  // namespace esteira::sqlite
