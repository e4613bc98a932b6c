// What `esteira stats` and GET /stats answer.
#pragma once

#include <array>
#include <string>
#include <vector>

#include "esteira/task.hpp"

namespace esteira {

struct Percentiles {
  double p50 = 0, p95 = 0, p99 = 0;  // seconds
};

struct TypeStats {
  std::string type;
  std::int64_t pending = 0;  // ready and scheduled
  std::int64_t ready = 0;    // due now
  std::int64_t processing = 0;
  double oldest_waiting_seconds = 0;
  // Over the last `stats_window`.
  double completed_per_minute = 0;
  double failed_per_minute = 0;  // attempts that failed or timed out
  double failure_rate = 0;       // of the attempts that completed, failed or timed out
  Percentiles wait_seconds;
  Percentiles run_seconds;
};
inline constexpr std::chrono::minutes stats_window{5};

struct Stats {
  Time generated_at{};
  std::array<std::int64_t, task_statuses> by_status{};  // by TaskStatus
  std::vector<TypeStats> types;                         // by name
};

}  // namespace esteira
