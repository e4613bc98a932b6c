// Statistics come from counters; only what waits and runs is counted by its rows.
#include <algorithm>
#include <array>
#include <map>

#include "base/assert.hpp"
#include "domain/histogram.hpp"
#include "engines/postgres/repository.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

namespace {

// One type's counters of the window.
struct Window {
  std::array<std::int64_t, execution_statuses> executions{};
  std::vector<BucketCount> runs;
  std::vector<BucketCount> waits;
};

std::map<TypeId, Window> read_window(const Rows& rows) {
  std::map<TypeId, Window> windows;
  for (int row = 0; row < rows.size(); ++row) {
    Window& window = windows[rows.small(row, 0)];
    const std::string_view measure = rows.text(row, 1);
    const int bucket = rows.small(row, 2);
    const std::int64_t count = rows.integer(row, 3);
    if (measure == "execution") window.executions.at(static_cast<std::size_t>(bucket)) = count;
    if (measure == "run") window.runs.push_back({.bucket = bucket, .count = count});
    if (measure == "wait") window.waits.push_back({.bucket = bucket, .count = count});
  }
  return windows;
}

Percentiles percentiles(std::span<const BucketCount> counts) {
  const auto seconds = [&](double quantile) {
    return std::chrono::duration<double>(histogram_quantile(counts, quantile)).count();
  };
  return {.p50 = seconds(0.50), .p95 = seconds(0.95), .p99 = seconds(0.99)};
}

void add_window(TypeStats& stats, const Window& window) {
  const auto count = [&](ExecutionStatus status) {
    return static_cast<double>(window.executions.at(static_cast<std::size_t>(status)));
  };
  const double completed = count(ExecutionStatus::completed);
  const double failed = count(ExecutionStatus::failed) + count(ExecutionStatus::timed_out);
  constexpr double minutes = stats_window.count();
  stats.completed_per_minute = completed / minutes;
  stats.failed_per_minute = failed / minutes;
  stats.failure_rate = completed + failed > 0 ? failed / (completed + failed) : 0;
  stats.run_seconds = percentiles(window.runs);
  stats.wait_seconds = percentiles(window.waits);
}

double seconds_since(Time time, Time now) {
  return std::max(0.0, std::chrono::duration<double>(now - time).count());
}

}  // namespace

Expected<Stats> Repository::stats(Time now) {
  const RecursiveLock lock{mutex_};
  const std::array statements{
      Statement{.sql = sql::types}, Statement{.sql = sql::stats_ended},
      Statement{.sql = sql::stats_waiting, .params = Params{}.add(now)},
      Statement{.sql = sql::stats_running},
      Statement{.sql = sql::stats_window, .params = Params{}.add(now - stats_window).add(now)}};
  const auto rows = ESTEIRA_TRY(connection_.transaction(Effect::reads, statements));
  Stats stats{.generated_at = now};
  const auto by_status = [&](TaskStatus status) -> std::int64_t& {
    return stats.by_status.at(static_cast<std::size_t>(status));
  };
  std::map<TypeId, TypeStats> types;
  for (int row = 0; row < rows[0].size(); ++row) {
    types[rows[0].small(row, 0)].type = rows[0].text(row, 1);
  }
  for (int row = 0; row < rows[1].size(); ++row) {
    by_status(static_cast<TaskStatus>(rows[1].small(row, 0))) = rows[1].integer(row, 1);
  }
  for (int row = 0; row < rows[2].size(); ++row) {
    TypeStats& type = types[rows[2].small(row, 0)];
    type.pending = rows[2].integer(row, 1);
    type.ready = rows[2].integer(row, 2);
    if (!rows[2].null(row, 3))
      type.oldest_waiting_seconds = seconds_since(rows[2].time(row, 3), now);
    by_status(TaskStatus::pending) += type.pending;
  }
  for (int row = 0; row < rows[3].size(); ++row) {
    TypeStats& type = types[rows[3].small(row, 0)];
    type.processing = rows[3].integer(row, 1);
    by_status(TaskStatus::processing) += type.processing;
  }
  for (const auto& [type_id, window] : read_window(rows[4])) add_window(types[type_id], window);
  for (auto& [type_id, type] : types) stats.types.push_back(std::move(type));
  std::ranges::sort(stats.types, {}, &TypeStats::type);
  return stats;
}

}  // namespace esteira::postgres
