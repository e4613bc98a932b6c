// What a claimer remembers of the queue, so that a claim starts where the last one ended instead
// of walking over the rows that are gone.
//
// A lane is the due tasks of one type and priority. The book keeps a mark for each lane: the last
// (run_at, task_id) claimed from it. Rows can appear behind a mark (a late commit, a retry), so
// the marks are corrected by a look at the lanes' heads: before every claim while claims come back
// short (but for those that follow a hint, where a look would only delay what just came), every two
// seconds under a backlog. Priorities that the book does not know are visited in
// their order too. Nothing is ever lost by a wrong mark, only found at the next look.
#pragma once

#include <chrono>
#include <vector>

#include "domain/lanes.hpp"
#include "repository/repository.hpp"

namespace esteira::postgres {

struct LaneMark {
  TypeId type_id = 0;
  int priority = 0;
  // Claims start after this place.
  Time run_at{};
  TaskId task_id = 0;
  // False: the lane was empty when it was last seen.
  bool waiting = true;
};

// One place to look for rows, as claim.sql visits them.
struct ClaimStep {
  enum class Kind : std::uint8_t { lane, gap, merge };
  Kind kind = Kind::lane;
  TypeId type_id = 0;
  int high = 0;  // a lane's priority, or the bound above a gap
  int low = 0;   // the bound below a gap
  Time run_at{};
  TaskId task_id = 0;
};
struct MergedLane {
  int step = 0;  // from 1
  LaneMark mark;
};
struct ClaimPlan {
  std::vector<ClaimStep> steps;
  std::vector<MergedLane> merged;
};

class LaneBook {
 public:
  using Steady = std::chrono::steady_clock::time_point;

  // Whether the lanes should be looked at before this claim. A look that is dear (many dead rows
  // behind an old transaction) is taken less often.
  [[nodiscard]] bool look_due(const ClaimRequest& request, Time now, Steady steady) const;
  // Whether a look may be taken for a reason of the caller's own.
  [[nodiscard]] bool look_allowed(Time now, Steady steady) const;
  // `heads`: the first waiting row of each lane, as the database answered.
  void looked(const ClaimRequest& request, std::vector<LaneMark> heads, Time now, Steady begun,
              Steady ended);
  // A row was put at this place.
  void returned(TypeId type_id, int priority, Time run_at);
  // True where no lane of these types is known to hold anything.
  [[nodiscard]] bool empty(const ClaimRequest& request) const;

  // `fresh`: the lanes were looked at just now, so that unknown priorities need no visit.
  [[nodiscard]] ClaimPlan plan(const ClaimRequest& request, Time now, bool fresh) const;
  void claimed(const ClaimRequest& request, const std::vector<Claim>& claims);
  // How many candidates a merge offers for each row that it needs: more after claimers collided.
  [[nodiscard]] int merge_factor() const { return merge_factor_; }
  void collided() { merge_factor_ = 4; }

 private:
  [[nodiscard]] LaneMark* find(TypeId type_id, int priority);
  [[nodiscard]] std::vector<LaneMark> known(const ClaimRequest& request) const;

  std::vector<LaneMark> marks_;  // by type, then priority from high to low
  std::vector<TypeId> types_;    // of the last look
  bool looked_once_ = false;
  bool short_ = true;
  Time looked_now_{};
  Steady looked_at_{};
  Steady::duration look_cost_{};
  int merge_factor_ = 1;
};

}  // namespace esteira::postgres
