// Ends attempts: the execution row, where the task goes, and all that hangs on it.
#pragma once

#include "engines/sqlite/connection.hpp"
#include "engines/sqlite/lease_book.hpp"
#include "engines/sqlite/stats_book.hpp"
#include "repository/repository.hpp"

namespace esteira::sqlite {

class Finisher {
 public:
  [[nodiscard]] static Expected<Finisher> begin(Connection& connection, Time now);

  // A settlement offered by a worker, checked against `leases`.
  [[nodiscard]] Expected<FinishStatus> finish(LeaseBook& leases, const Settlement& settlement);
  // A waiting task that ends at once, under the attempt that nobody claimed.
  [[nodiscard]] Expected<void> finish_waiting(const Settlement& settlement, int flags);
  // Writes the statistics.
  [[nodiscard]] Expected<void> end() { return stats_.write(connection_); }

 private:
  Finisher(Connection& connection, Time now) : connection_(connection), now_(now) {}

  [[nodiscard]] Expected<FinishStatus> tell_stale(const Fence& fence);
  [[nodiscard]] Expected<bool> is_cancel_requested(const Fence& fence);
  // False: an execution row of this attempt exists already.
  [[nodiscard]] Expected<bool> write_execution(const Settlement& settlement,
                                               std::optional<std::string_view> worker);
  [[nodiscard]] Expected<void> move_task(const Settlement& settlement, int flags);

  Connection& connection_;
  const Time now_;
  bool some_cancels_ = false;
  bool some_state_ = false;
  bool some_wait_ = false;  // for others, or are counted
  StatsBook stats_;
};

}  // namespace esteira::sqlite
