// Which waiting tasks are claimed first.
#pragma once

#include <vector>

#include "esteira/task.hpp"
#include "esteira/time.hpp"

namespace esteira {

// The waiting, due tasks of one type and one priority; `head` is when the first became due.
struct Lane {
  TypeId type_id = 0;
  int priority = 0;
  Time head{};
  friend bool operator==(const Lane&, const Lane&) = default;
};

// Lanes that are visited together: their tasks are merged by (run_at, task_id).
using LaneGroup = std::vector<Lane>;

// Groups in the order in which they are claimed from. A lane's rank is its priority, plus one for
// each whole `ageing` that its head has waited, so that a low priority starves for at most
// `ageing` times the difference; `ageing` of zero switches that off. Equal ranks share a group.
[[nodiscard]] std::vector<LaneGroup> order_lanes(std::vector<Lane> lanes, Duration ageing,
                                                 Time now);

}  // namespace esteira
