// The due tasks of one lane, in their order.
#pragma once

#include <vector>

#include "domain/lanes.hpp"
#include "engines/sqlite/candidate.hpp"
#include "engines/sqlite/connection.hpp"

namespace esteira::sqlite {

// Reads a page at a time.
class LaneReader {
 public:
  LaneReader(Connection& connection, const Lane& lane, int page, Time now)
      : connection_(connection), lane_(lane), page_(page), now_(now) {}

  // The first task that was not taken yet; null: the lane is empty.
  [[nodiscard]] Expected<Candidate*> head();
  [[nodiscard]] Candidate take();
  // Deletes what was taken: always the lane's first rows, so one range.
  [[nodiscard]] Expected<void> delete_taken();

 private:
  Expected<void> read_page();

  Connection& connection_;
  Lane lane_;
  int page_;
  Time now_;
  std::vector<Candidate> candidates_;
  std::size_t next_ = 0;
  bool exhausted_ = false;
  Time taken_run_at_ = Time::min();
  TaskId taken_task_id_ = 0;
};

}  // namespace esteira::sqlite
