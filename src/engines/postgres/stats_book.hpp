// What a transaction adds to task_stats_minute, summed before it is sent.
#pragma once

#include <map>
#include <string_view>
#include <tuple>

#include "domain/settle.hpp"
#include "engines/postgres/binary.hpp"

namespace esteira::postgres {

class StatsBook {
 public:
  // One settled attempt. `ran`: it was claimed, so its times mean something; a task that is
  // cancelled while it waits may have waited for a time in the far future.
  void add(const Settlement& settlement, bool ran);
  // `count` tasks that ended, or whose end was undone (negative).
  void add_ended(TypeId type_id, TaskStatus status, Time at, std::int64_t count);
  [[nodiscard]] bool empty() const { return counts_.empty(); }
  // measure, minute, type_id, bucket, count, sum_us: six arrays in key order.
  void append_to(Params& params) const;

  // The buckets of one settlement as finish.sql unpacks them.
  [[nodiscard]] static int pack(const Settlement& settlement);

 private:
  struct Sum {
    std::int64_t count = 0;
    std::int64_t us = 0;
  };
  using Key = std::tuple<std::string_view, Time, TypeId, int>;
  std::map<Key, Sum> counts_;
};

}  // namespace esteira::postgres
