// A claimed task on its way into the answer, with what its lease notes of it.
#pragma once

#include "domain/claim.hpp"
#include "engines/sqlite/connection.hpp"

namespace esteira::sqlite {

struct Candidate {
  Claim claim;
  int flags = 0;
  bool gated = false;      // it takes a slot
  bool kept_slot = false;  // which it keeps until it ends
};

// The columns of an order, then run_at_us, task_id, retries, crashes, attempt, flags.
[[nodiscard]] Expected<Candidate> read_candidate(const Query& row, TypeId type_id, int priority);

}  // namespace esteira::sqlite
