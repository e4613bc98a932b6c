// The settlements of a tick, on their way into one statement.
#pragma once

#include <span>
#include <vector>

#include "engines/postgres/connection.hpp"
#include "repository/repository.hpp"

namespace esteira::postgres {

class Finish {
 public:
  Finish(std::span<const Settlement> settlements, int shard, Time now);
  [[nodiscard]] Statement statement() const;
  [[nodiscard]] std::vector<FinishStatus> answer(const Rows& rejected) const;
  // Whether others wait for, or count, what has ended.
  [[nodiscard]] static bool others_wait(const Rows& rejected);

 private:
  std::span<const Settlement> settlements_;
  int shard_;
  Time now_;
  // Each fence once, by task: neighbours in the index are written together.
  std::vector<const Settlement*> distinct_;
  // Of each settlement, its place in `distinct_`, and whether it is the first with its fence.
  std::vector<std::size_t> places_;
  std::vector<bool> first_;
};

}  // namespace esteira::postgres
