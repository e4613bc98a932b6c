#include "domain/lanes.hpp"

#include <algorithm>

namespace esteira {
namespace {

std::int64_t rank(const Lane& lane, Duration ageing, Time now) {
  if (ageing <= Duration{0} || now <= lane.head) return lane.priority;
  return lane.priority + (now - lane.head) / ageing;
}

}  // namespace

std::vector<LaneGroup> order_lanes(std::vector<Lane> lanes, Duration ageing, Time now) {
  std::ranges::stable_sort(lanes, [&](const Lane& a, const Lane& b) {
    return rank(a, ageing, now) > rank(b, ageing, now);
  });
  std::vector<LaneGroup> groups;
  for (const auto& lane : lanes) {
    const bool joins =
        !groups.empty() && rank(groups.back().front(), ageing, now) == rank(lane, ageing, now);
    if (!joins) groups.emplace_back();
    groups.back().push_back(lane);
  }
  return groups;
}

}  // namespace esteira
