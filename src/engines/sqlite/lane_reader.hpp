// The due tasks of one lane, in their order.
#pragma once

#include <vector>

#include "domain/lanes.hpp"
#include "engines/sqlite/arrivals.hpp"
#include "engines/sqlite/candidate.hpp"
#include "engines/sqlite/connection.hpp"

namespace esteira::sqlite {

// Reads a page at a time.
class LaneReader {
 public:
  // The `arrivals` of the lane are merged with what stands in it.
  LaneReader(Connection& connection, const Lane& lane, int page, Time now, Arrivals& arrivals)
      : connection_(connection), lane_(lane), page_(page), now_(now), arrived_(arrivals.of(lane)) {}

  // The first task that was not taken yet; null: the lane is empty.
  [[nodiscard]] Expected<Candidate*> head();
  // That one.
  [[nodiscard]] Candidate take();
  // Deletes what was taken of the lane's rows: always the first ones, so one range.
  [[nodiscard]] Expected<void> delete_taken();

 private:
  Expected<void> read_page();

  Connection& connection_;
  Lane lane_;
  int page_;
  Time now_;
  Arrivals::Row* arrived_;  // may be null
  bool arrived_first_ = false;
  std::vector<Candidate> candidates_;
  std::size_t next_ = 0;
  bool exhausted_ = false;
  Time taken_run_at_ = Time::min();
  TaskId taken_task_id_ = 0;
};

}  // namespace esteira::sqlite
