#include "engines/sqlite/stats_book.hpp"

#include "domain/histogram.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {

std::string_view StatsBook::to_text(Measure measure) {
  switch (measure) {
    case Measure::execution:
      return "execution";
    case Measure::run:
      return "run";
    case Measure::wait:
      return "wait";
    case Measure::status:
      return "status";
  }
  return "";
}

void StatsBook::add_attempt(const Settlement& settlement, bool ran) {
  const auto minute =
      std::chrono::floor<std::chrono::minutes>(settlement.completed_at).time_since_epoch().count();
  add(Measure::execution, minute, settlement.type_id, static_cast<int>(settlement.status), 1,
      Duration{0});
  if (!ran) return;
  add_time(Measure::wait, minute, settlement.type_id, settlement.started_at - settlement.run_at);
  // An attempt that went silent ran nobody knows how long.
  if (settlement.status == ExecutionStatus::expired) return;
  add_time(Measure::run, minute, settlement.type_id,
           settlement.completed_at - settlement.started_at);
}

void StatsBook::add_ended(TypeId type_id, TaskStatus status, int difference) {
  add(Measure::status, 0, type_id, static_cast<int>(status), difference, Duration{0});
}

void StatsBook::add_time(Measure measure, std::int64_t minute, TypeId type_id, Duration time) {
  const auto positive = std::max(time, Duration{0});
  add(measure, minute, type_id, histogram_bucket(positive), 1, positive);
}

void StatsBook::add(Measure measure, std::int64_t minute, TypeId type_id, int bucket,
                    std::int64_t count, Duration sum) {
  auto& entry = counts_[{measure, minute, type_id, bucket}];
  entry.count += count;
  entry.sum_us += sum.count();
}

Expected<void> StatsBook::write(Connection& connection) const {
  for (const auto& [key, value] : counts_) {
    const auto& [measure, minute, type_id, bucket] = key;
    ESTEIRA_TRY(connection.run(sql::stats_add, to_text(measure), minute, type_id, bucket,
                               value.count, value.sum_us));
  }
  return {};
}

}  // namespace esteira::sqlite
