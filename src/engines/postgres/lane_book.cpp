#include "engines/postgres/lane_book.hpp"

#include <algorithm>
#include <limits>

namespace esteira::postgres {

using namespace std::chrono_literals;

namespace {

constexpr auto look_period = 2s;
// What came behind a mark waits no longer than this, however often hints come.
constexpr auto hinted_look_period = 250ms;
constexpr auto cheap_look = 5ms;
constexpr std::size_t marks_max = 1000;
constexpr int above_all = std::numeric_limits<int>::max();
constexpr int below_all = std::numeric_limits<int>::min();

bool before(const LaneMark& a, const LaneMark& b) {
  return a.type_id != b.type_id ? a.type_id < b.type_id : a.priority > b.priority;
}

ClaimStep gap(TypeId type_id, int high, int low) {
  return {.kind = ClaimStep::Kind::gap, .type_id = type_id, .high = high, .low = low};
}

bool asked(const ClaimRequest& request, TypeId type_id) {
  return std::ranges::find(request.types, type_id) != request.types.end();
}

// Above the highest known priority of each type.
void add_gaps_above(const ClaimRequest& request, const std::vector<LaneMark>& known,
                    ClaimPlan& plan) {
  for (const TypeId type_id : request.types) {
    const auto top = std::ranges::find(known, type_id, &LaneMark::type_id);
    plan.steps.push_back(gap(type_id, above_all, top == known.end() ? below_all : top->priority));
  }
}

void add_gaps_below(const std::vector<LaneMark>& known, ClaimPlan& plan) {
  for (std::size_t i = 0; i < known.size(); ++i) {
    const bool lowest = i + 1 == known.size() || known[i + 1].type_id != known[i].type_id;
    if (lowest) plan.steps.push_back(gap(known[i].type_id, known[i].priority, below_all));
  }
}

// Between a lane and the next higher one of its type.
void add_gap_over(const LaneMark& lane, const std::vector<LaneMark>& known, ClaimPlan& plan) {
  const auto at = std::ranges::lower_bound(known, lane, before);
  if (at == known.begin() || std::prev(at)->type_id != lane.type_id) return;
  const int high = std::prev(at)->priority;
  if (high - lane.priority > 1) plan.steps.push_back(gap(lane.type_id, high, lane.priority));
}

void add_group(const std::vector<LaneMark>& group, ClaimPlan& plan) {
  if (group.size() == 1) {
    const LaneMark& lane = group.front();
    plan.steps.push_back({.kind = ClaimStep::Kind::lane,
                          .type_id = lane.type_id,
                          .high = lane.priority,
                          .low = lane.priority,
                          .run_at = lane.run_at,
                          .task_id = lane.task_id});
    return;
  }
  plan.steps.push_back({.kind = ClaimStep::Kind::merge});
  const int step = static_cast<int>(plan.steps.size());
  for (const LaneMark& lane : group) plan.merged.push_back({.step = step, .mark = lane});
}

}  // namespace

bool LaneBook::look_allowed(Time now, Steady steady) const {
  if (!looked_once_ || look_cost_ < cheap_look) return true;
  const auto rest =
      std::min<Steady::duration>(20 * look_cost_, std::max<Steady::duration>(1s, 2 * look_cost_));
  return steady - looked_at_ >= rest || now - looked_now_ >= rest;
}

bool LaneBook::look_due(const ClaimRequest& request, Time now, Steady steady) const {
  if (!looked_once_ || request.types != types_) return true;
  const bool old =
      now < looked_now_ || now - looked_now_ >= look_period || steady - looked_at_ >= look_period;
  const bool fresh =
      now - looked_now_ < hinted_look_period && steady - looked_at_ < hinted_look_period;
  const bool wanted = short_ && !(request.hinted && fresh);
  return (wanted || old) && look_allowed(now, steady);
}

void LaneBook::looked(const ClaimRequest& request, std::vector<LaneMark> heads, Time now,
                      Steady begun, Steady ended) {
  looked_once_ = true;
  types_ = request.types;
  looked_now_ = now;
  looked_at_ = ended;
  look_cost_ = ended - begun;
  // An empty lane keeps its mark, which spares the next claims its dead rows.
  if (marks_.size() > marks_max) marks_.clear();
  for (LaneMark& mark : marks_) {
    if (asked(request, mark.type_id)) mark.waiting = false;
  }
  for (LaneMark& head : heads) {
    head.task_id -= 1;
    LaneMark* const mark = find(head.type_id, head.priority);
    if (mark == nullptr) {
      marks_.insert(std::ranges::upper_bound(marks_, head, before), head);
    } else {
      *mark = head;
    }
  }
}

LaneMark* LaneBook::find(TypeId type_id, int priority) {
  const LaneMark wanted{.type_id = type_id, .priority = priority};
  const auto at = std::ranges::lower_bound(marks_, wanted, before);
  const bool found = at != marks_.end() && at->type_id == type_id && at->priority == priority;
  return found ? &*at : nullptr;
}

void LaneBook::returned(TypeId type_id, int priority, Time run_at) {
  const LaneMark place{.type_id = type_id, .priority = priority, .run_at = run_at - 1us};
  LaneMark* const mark = find(type_id, priority);
  if (mark == nullptr) {
    marks_.insert(std::ranges::upper_bound(marks_, place, before), place);
    return;
  }
  mark->waiting = true;
  if (place.run_at < mark->run_at) *mark = place;
}

bool LaneBook::empty(const ClaimRequest& request) const {
  return std::ranges::none_of(
      marks_, [&](const LaneMark& mark) { return mark.waiting && asked(request, mark.type_id); });
}

std::vector<LaneMark> LaneBook::known(const ClaimRequest& request) const {
  std::vector<LaneMark> known;
  for (const LaneMark& mark : marks_) {
    if (asked(request, mark.type_id)) known.push_back(mark);
  }
  return known;
}

ClaimPlan LaneBook::plan(const ClaimRequest& request, Time now, bool fresh) const {
  const std::vector<LaneMark> known = this->known(request);
  std::vector<Lane> lanes;
  for (const LaneMark& mark : known) {
    if (fresh && !mark.waiting) continue;
    lanes.push_back({.type_id = mark.type_id,
                     .priority = mark.priority,
                     .head = mark.waiting ? mark.run_at : now});
  }
  ClaimPlan plan;
  if (!fresh) add_gaps_above(request, known, plan);
  for (const LaneGroup& group : order_lanes(std::move(lanes), request.ageing, now)) {
    std::vector<LaneMark> marks;
    for (const Lane& lane : group) {
      const LaneMark wanted{.type_id = lane.type_id, .priority = lane.priority};
      marks.push_back(*std::ranges::lower_bound(known, wanted, before));
      if (!fresh) add_gap_over(marks.back(), known, plan);
    }
    add_group(marks, plan);
  }
  if (!fresh) add_gaps_below(known, plan);
  return plan;
}

void LaneBook::claimed(const ClaimRequest& request, const std::vector<Claim>& claims) {
  short_ = static_cast<int>(claims.size()) < request.limit;
  if (!short_) merge_factor_ = 1;
  for (const Claim& claim : claims) {
    const LaneMark place{.type_id = claim.type_id,
                         .priority = claim.priority,
                         .run_at = claim.run_at,
                         .task_id = claim.fence.task_id};
    LaneMark* const mark = find(claim.type_id, claim.priority);
    if (mark == nullptr) {
      marks_.insert(std::ranges::upper_bound(marks_, place, before), place);
    } else if (std::pair{mark->run_at, mark->task_id} < std::pair{place.run_at, place.task_id}) {
      *mark = place;
    }
  }
}

}  // namespace esteira::postgres
