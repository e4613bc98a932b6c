#include "engines/postgres/stats_book.hpp"

#include "domain/histogram.hpp"

namespace esteira::postgres {

namespace {

Time minute_of(Time time) { return std::chrono::floor<std::chrono::minutes>(time); }

int status_bucket(const Settlement& settlement) {
  const auto* ended = std::get_if<Ended>(&settlement.next);
  return ended == nullptr ? 0 : static_cast<int>(ended->status);
}

}  // namespace

void StatsBook::add(const Settlement& settlement, bool ran) {
  const Time minute = minute_of(settlement.completed_at);
  const auto count = [&](std::string_view measure, int bucket, Duration time) {
    Sum& sum = counts_[Key{measure, minute, settlement.type_id, bucket}];
    sum.count += 1;
    sum.us += time.count();
  };
  count("execution", static_cast<int>(settlement.status), Duration{0});
  if (status_bucket(settlement) > 0) count("status", status_bucket(settlement), Duration{0});
  if (!ran) return;
  const Duration run = settlement.completed_at - settlement.started_at;
  const Duration wait = settlement.started_at - settlement.run_at;
  count("run", histogram_bucket(run), run);
  count("wait", histogram_bucket(wait), wait);
}

void StatsBook::add_ended(TypeId type_id, TaskStatus status, Time at, std::int64_t count) {
  counts_[Key{"status", minute_of(at), type_id, static_cast<int>(status)}].count += count;
}

int StatsBook::pack(const Settlement& settlement) {
  return static_cast<int>(settlement.status) | status_bucket(settlement) << 4 |
         histogram_bucket(settlement.completed_at - settlement.started_at) << 8 |
         histogram_bucket(settlement.started_at - settlement.run_at) << 16;
}

void StatsBook::append_to(Params& params) const {
  params.array<std::string_view>(counts_, [](const auto& e) { return std::get<0>(e.first); })
      .array<Time>(counts_, [](const auto& e) { return std::get<1>(e.first); })
      .array<int>(counts_, [](const auto& e) { return std::get<2>(e.first); })
      .array<int>(counts_, [](const auto& e) { return std::get<3>(e.first); })
      .array<std::int64_t>(counts_, [](const auto& e) { return e.second.count; })
      .array<std::int64_t>(counts_, [](const auto& e) { return e.second.us; });
}

}  // namespace esteira::postgres
