// The scheduled tasks whose time has come, in a tick that claims: the claim chooses among them and
// the ready ones, so that of many that are due at once only those that it leaves are written again.
#pragma once

#include <deque>
#include <map>
#include <utility>
#include <vector>

#include "domain/lanes.hpp"
#include "engines/sqlite/candidate.hpp"
#include "engines/sqlite/connection.hpp"

namespace esteira::sqlite {

class Arrivals {
 public:
  // In the order of their places.
  using Row = std::deque<Candidate>;

  // Takes the first due tasks out of the scheduled, `limit` at most. Those of flows go to their
  // queue at once.
  [[nodiscard]] Expected<void> take(Connection& connection, int limit, Time now);
  // How many were taken out.
  [[nodiscard]] int count() const { return count_; }
  // Whether any is left that nobody claimed.
  [[nodiscard]] bool any_left() const;
  // The lanes of a type.
  [[nodiscard]] std::vector<Lane> lanes(TypeId type_id) const;
  // Those of a lane; null: there are none.
  [[nodiscard]] Row* of(const Lane& lane);
  // What nobody claimed becomes ready.
  [[nodiscard]] Expected<void> put_rest(Connection& connection, Time now);

 private:
  std::map<std::pair<TypeId, int>, Row> rows_;  // by type and priority
  int count_ = 0;
};

}  // namespace esteira::sqlite
