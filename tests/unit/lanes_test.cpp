#include "domain/lanes.hpp"

#include <algorithm>

#include <gtest/gtest.h>

namespace esteira::test {
namespace {

using namespace std::chrono_literals;

const Time now = parse_time("2026-03-01T12:00:00Z");

Lane lane(TypeId type_id, int priority, Duration waited) {
  return {.type_id = type_id, .priority = priority, .head = now - waited};
}

// The groups' lanes, by type, each group's in any order.
std::vector<std::vector<TypeId>> types_of(const std::vector<LaneGroup>& groups) {
  std::vector<std::vector<TypeId>> types;
  for (const LaneGroup& group : groups) {
    types.emplace_back();
    for (const Lane& member : group) types.back().push_back(member.type_id);
    std::ranges::sort(types.back());
  }
  return types;
}

using Groups = std::vector<std::vector<TypeId>>;

TEST(Lanes, none_make_no_groups) { EXPECT_TRUE(order_lanes({}, 10min, now).empty()); }

TEST(Lanes, higher_priorities_come_first) {
  EXPECT_EQ(types_of(order_lanes({lane(1, -5, 0s), lane(2, 9, 0s), lane(3, 0, 0s)}, 0s, now)),
            (Groups{{2}, {3}, {1}}));
}

TEST(Lanes, equal_priorities_share_a_group) {
  EXPECT_EQ(types_of(order_lanes({lane(1, 0, 5s), lane(2, 3, 0s), lane(3, 0, 9s), lane(4, 3, 1s)},
                                 0s, now)),
            (Groups{{2, 4}, {1, 3}}));
}

TEST(Lanes, each_whole_wait_is_worth_one_priority) {
  const std::vector<Lane> lanes{lane(1, 0, 10min), lane(2, 1, 0s), lane(3, 0, 10min - 1us)};
  EXPECT_EQ(types_of(order_lanes(lanes, 10min, now)), (Groups{{1, 2}, {3}}));
}

TEST(Lanes, an_old_lane_overtakes) {
  const std::vector<Lane> lanes{lane(1, 5, 1min), lane(2, 0, 61min)};
  EXPECT_EQ(types_of(order_lanes(lanes, 10min, now)), (Groups{{2}, {1}}));
  EXPECT_EQ(types_of(order_lanes(lanes, 0s, now)), (Groups{{1}, {2}}));
}

TEST(Lanes, the_lowest_priority_starves_for_a_bounded_time_only) {
  const int difference = 32767 + 32768;
  const std::vector<Lane> lanes{lane(1, 32767, 0s), lane(2, -32768, (difference + 1) * 1min)};
  EXPECT_EQ(types_of(order_lanes(lanes, 1min, now)), (Groups{{2}, {1}}));
}

TEST(Lanes, a_head_in_the_future_gains_nothing_and_loses_nothing) {
  const std::vector<Lane> lanes{lane(1, 0, -1h), lane(2, 0, 0s), lane(3, -1, 0s)};
  EXPECT_EQ(types_of(order_lanes(lanes, 1min, now)), (Groups{{1, 2}, {3}}));
}

TEST(Lanes, no_lane_is_lost_or_changed) {
  const std::vector<Lane> lanes{lane(1, 2, 3h), lane(2, 2, 1h), lane(3, -1, 7h), lane(4, 30, 0s)};
  std::vector<Lane> kept;
  for (const LaneGroup& group : order_lanes(lanes, 10min, now)) {
    kept.insert(kept.end(), group.begin(), group.end());
  }
  EXPECT_TRUE(std::ranges::is_permutation(kept, lanes));
}

}  // namespace
}  // namespace esteira::test
