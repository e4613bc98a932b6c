#include "cli/stats_view.hpp"

#include <fmt/format.h>

namespace esteira::cli {

std::string status_line(const Stats& stats) {
  std::string line;
  for (int i = 0; i < task_statuses; ++i) {
    line += fmt::format("{}{} {}", i > 0 ? "   " : "", to_text(static_cast<TaskStatus>(i)),
                        count_cell(stats.by_status[static_cast<std::size_t>(i)]));
  }
  return line;
}

Table types_table(const Stats& stats) {
  Table table({{"TYPE"},
               {"PENDING", Align::right},
               {"READY", Align::right},
               {"RUNNING", Align::right},
               {"OLDEST", Align::right},
               {"DONE/MIN", Align::right},
               {"FAILED/MIN", Align::right},
               {"FAILURES", Align::right},
               {"WAIT P50", Align::right},
               {"P95", Align::right},
               {"RUN P50", Align::right},
               {"P95", Align::right},
               {"P99", Align::right}});
  for (const auto& type : stats.types) {
    table.add({type.type, count_cell(type.pending), count_cell(type.ready),
               count_cell(type.processing), seconds_cell(type.oldest_waiting_seconds),
               fmt::format("{:.1f}", type.completed_per_minute),
               fmt::format("{:.1f}", type.failed_per_minute),
               fmt::format("{:.1f} %", type.failure_rate * 100),
               seconds_cell(type.wait_seconds.p50), seconds_cell(type.wait_seconds.p95),
               seconds_cell(type.run_seconds.p50), seconds_cell(type.run_seconds.p95),
               seconds_cell(type.run_seconds.p99)});
  }
  return table;
}

}  // namespace esteira::cli
