// What a transaction adds to task_stats_minute, gathered and written once at its end.
#pragma once

#include <cstdint>
#include <map>
#include <tuple>

#include "domain/settle.hpp"
#include "engines/sqlite/connection.hpp"

namespace esteira::sqlite {

class StatsBook {
 public:
  // One settled attempt. `ran`: it was claimed, so its times mean something.
  void add_attempt(const Settlement& settlement, bool ran);
  // The number of tasks that stand ended in `status` changes by `difference`.
  void add_ended(TypeId type_id, TaskStatus status, int difference);
  [[nodiscard]] Expected<void> write(Connection& connection) const;

 private:
  enum class Measure : std::uint8_t { execution, run, wait, status };
  struct Count {
    std::int64_t count = 0;
    std::int64_t sum_us = 0;
  };
  static std::string_view to_text(Measure measure);
  void add(Measure measure, std::int64_t minute, TypeId type_id, int bucket, std::int64_t count,
           Duration sum);
  void add_time(Measure measure, std::int64_t minute, TypeId type_id, Duration time);

  std::map<std::tuple<Measure, std::int64_t, TypeId, int>, Count> counts_;
};

}  // namespace esteira::sqlite
