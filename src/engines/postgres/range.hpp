// Ranges of ids (0017_ranges.sql): made ahead of the ids that are given out, and dropped once
// nothing of them is kept.
//
// DESIGN. Whether a range may go is found out stretch by stretch, each a short statement that locks
// nothing, over as many rounds as it takes. Meanwhile people retry and delete, so what was found is
// held against the range as it stands once nobody can change it any more: the number of its orders
// and the sum of their places tell of every order that came or went, and the rows of task_reopened
// of every retry. Where anything differs, the range is looked through anew. The locks are never
// waited for longer than a moment: behind one that is waited for, everybody else would wait too.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "engines/postgres/connection.hpp"
#include "engines/postgres/stats_book.hpp"
#include "repository/repository.hpp"

namespace esteira::postgres {

class RangeKeeper {
 public:
  // A step of `drop_range`; transactions of its own.
  [[nodiscard]] Expected<RangeStep> step(Connection& connection, const PruneRequest& request,
                                         Time now, int shard);

 private:
  // A range that is looked through.
  struct Look {
    TaskId low = 0;
    TaskId high = 0;
    TaskId after = 0;
    std::int64_t tasks = 0;
    std::int64_t places = 0;  // added up
    std::string reopened;     // as it stood before
    std::map<std::pair<TypeId, TaskStatus>, std::int64_t> ended{};
    bool whole = false;  // all of it may go
  };
  [[nodiscard]] Expected<bool> sweep(Connection& connection);
  [[nodiscard]] Expected<void> choose(Connection& connection, const PruneRequest& request,
                                      Time now);
  [[nodiscard]] Expected<void> judge(Connection& connection, const PruneRequest& request, Time now);
  [[nodiscard]] Expected<RangeStep> drop(Connection& connection, Time now, int shard);
  // The range stays; it is looked at again after a while.
  void leave(Time now);

  std::optional<Look> look_;
  std::optional<Duration> completed_older_;  // what the look asks for
  std::optional<Duration> failed_older_;
  std::map<TaskId, Time> left_until_;  // by `high`
};

// Makes the next range when it is time, unless somebody is in the way just now.
[[nodiscard]] Expected<void> make_range_ahead(Connection& connection);
// What is due and has an id below may be left to `drop_range` for a while; 0: nothing may.
[[nodiscard]] Expected<TaskId> spared_below(Runner& runner, const PruneRequest& request, Time now);

}  // namespace esteira::postgres
