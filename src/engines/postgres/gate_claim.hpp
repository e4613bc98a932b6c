// A claim of the gated types: a transaction of its own after the tick's, under the gates' locks.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "domain/gate.hpp"
#include "domain/lanes.hpp"
#include "domain/limits.hpp"
#include "engines/postgres/connection.hpp"
#include "repository/repository.hpp"

namespace esteira::postgres {

class GateClaim {
 public:
  // The open transaction is the caller's.
  GateClaim(Transaction& transaction, const ClaimRequest& request, const std::string& worker,
            int part, Time now)
      : transaction_(transaction), request_(request), worker_(worker), part_(part), now_(now) {}

  // Locks the gates of these types and takes what may start, `most` at most.
  [[nodiscard]] Expected<std::vector<Claim>> run(std::span<const TypeId> types, int most);
  // When a rate lets the next task start, where one held tasks up.
  [[nodiscard]] std::optional<Time> next_at() const;

 private:
  struct Taken {
    Claim claim;
    bool keyed = false;
    bool kept_slot = false;
  };
  // A flow at its turn, and how many of it are to start.
  struct Turn {
    FlowState flow;
    int count = 0;
    std::int64_t tokens = 0;  // of its own bucket
  };

  [[nodiscard]] Expected<void> open(std::span<const TypeId> types);
  [[nodiscard]] Expected<EndedCounts> ended(const TaskType& type);
  [[nodiscard]] Expected<std::vector<Lane>> lanes();
  [[nodiscard]] Expected<void> take(const Lane& lane, int wanted);
  [[nodiscard]] Expected<void> take_ready(Gate& gate, const Lane& lane, int wanted);
  // One round of turns; answers how many tasks were taken.
  [[nodiscard]] Expected<int> take_round(Gate& gate, const Lane& lane, int wanted);
  // The flows from a key on, or after it, as they stand.
  [[nodiscard]] Expected<std::vector<FlowState>> flows(const Lane& lane, const std::string& key,
                                                       bool at, int limit);
  [[nodiscard]] Expected<int> take_turns(Gate& gate, const Lane& lane,
                                         const std::vector<Turn>& turns, std::int64_t tokens);
  // What the last tasks that were taken cost.
  [[nodiscard]] std::int64_t last_cost(int count) const;
  void add(const Rows& rows, bool kept_slot);
  [[nodiscard]] Expected<void> lease();
  [[nodiscard]] Expected<void> close();

  Transaction& transaction_;
  const ClaimRequest& request_;
  const std::string& worker_;
  const int part_;
  const Time now_;
  std::map<TypeId, Gate> gates_;
  std::vector<Taken> taken_;
  int visits_left_ = limits::gate_flows_max;
};

}  // namespace esteira::postgres
