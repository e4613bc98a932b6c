// The gates of one claim: each gated type's is opened when it is first asked, and what was taken
// through it is written down at the end.
#pragma once

#include <map>
#include <optional>
#include <vector>

#include "domain/gate.hpp"
#include "domain/lanes.hpp"
#include "domain/limits.hpp"
#include "engines/sqlite/arrivals.hpp"
#include "engines/sqlite/candidate.hpp"
#include "engines/sqlite/connection.hpp"

namespace esteira::sqlite {

class GateBook {
 public:
  // `most`: of all gated types together.
  GateBook(Connection& connection, int most, Time now, Arrivals& arrivals)
      : connection_(connection), left_(most), now_(now), arrivals_(arrivals) {}

  // Takes of a gated type's lane what may start, `wanted` at most.
  [[nodiscard]] Expected<void> take(const Lane& lane, int wanted, std::vector<Candidate>& taken);
  // Writes how far the gates stand.
  [[nodiscard]] Expected<void> close();
  // The slots of what was taken.
  [[nodiscard]] Expected<void> take_slot(const Candidate& candidate);
  // When a rate lets the next task start, where one held tasks up.
  [[nodiscard]] std::optional<Time> next_at() const;

 private:
  [[nodiscard]] Expected<Gate*> open(TypeId type_id);
  [[nodiscard]] Expected<EndedCounts> ended(const TaskType& type);
  [[nodiscard]] Expected<void> take_ready(Gate& gate, const Lane& lane, int wanted,
                                          std::vector<Candidate>& taken);
  // One round of turns; answers how many tasks were taken.
  [[nodiscard]] Expected<int> take_turns(Gate& gate, const Lane& lane, int wanted,
                                         std::vector<Candidate>& taken);
  [[nodiscard]] Expected<int> take_turn(Gate& gate, const Lane& lane, const std::string& flow_key,
                                        int wanted, std::vector<Candidate>& taken);
  [[nodiscard]] Expected<std::optional<std::string>> next_flow(const Lane& lane,
                                                               const std::string& key, bool at);

  Connection& connection_;
  int left_;
  const Time now_;
  Arrivals& arrivals_;
  int visits_left_ = limits::gate_flows_max;
  std::map<TypeId, Gate> gates_;
};

}  // namespace esteira::sqlite
