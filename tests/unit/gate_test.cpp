#include "domain/gate.hpp"

#include <gtest/gtest.h>

namespace esteira {
namespace {

using namespace std::chrono_literals;

constexpr Time noon{std::chrono::sys_days{std::chrono::year{2026} / 3 / 1} + 12h};

TaskType flowing() {
  TaskType type;
  type.flow.key = "/customer";
  return type;
}

TEST(Gate, a_type_without_limits_and_flows_has_none) {
  EXPECT_FALSE(is_gated(TaskType{}));
  EXPECT_TRUE(is_gated(flowing()));
  TaskType type;
  type.concurrency = 1;
  EXPECT_TRUE(is_gated(type));
  type = TaskType{};
  type.rate = "1/s";
  EXPECT_TRUE(is_gated(type));
}

TEST(Gate, the_room_is_what_the_narrowest_limit_leaves) {
  TaskType type = flowing();
  type.concurrency = 10;
  type.rate = "4/s";
  Gate gate(type, /*running=*/8, {}, noon);
  EXPECT_EQ(gate.room(1), 1);
  EXPECT_EQ(gate.room(100), 2);
  gate.start(1);
  EXPECT_EQ(gate.room(100), 1);
  EXPECT_EQ(Gate(type, /*running=*/0, {}, noon).room(100), 4);
  EXPECT_EQ(Gate(type, /*running=*/11, {}, noon).room(100), 0);
}

TEST(Gate, its_bucket_goes_on_where_it_was_left) {
  TaskType type = flowing();
  type.rate = "4/s";
  Gate first(type, 0, {}, noon);
  first.start(4);
  EXPECT_EQ(first.room(1), 0);
  EXPECT_EQ(first.next_at(), noon + 250ms);
  Gate second(type, 0, first.state(), noon + 600ms);
  EXPECT_EQ(second.room(100), 2);
  // Another rate is another bucket.
  type.rate = "6/s";
  EXPECT_EQ(Gate(type, 0, first.state(), noon).room(100), 6);
}

TEST(Gate, what_is_given_back_was_never_taken) {
  TaskType type = flowing();
  type.concurrency = 3;
  type.rate = "3/h";
  type.flow.key_rate = "2/h";
  Gate gate(type, 0, {}, noon);
  const FlowState flow{.key = "A"};
  EXPECT_EQ(gate.turn(flow, 5), 1);
  gate.start(flow, 1);
  gate.give_back(flow, 1);
  EXPECT_EQ(gate.room(5), 3);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(gate.turn(flow, 5), 1);
    gate.start(flow, 1);
  }
  EXPECT_EQ(gate.turn(flow, 5), 0);
  EXPECT_EQ(gate.room(5), 1);
}

TEST(Gate, an_unfinished_turn_is_gone_on_with) {
  TaskType type = flowing();
  type.flow.weights = {{"A", 3}};
  Gate first(type, 0, {}, noon);
  const FlowState flow{.key = "A"};
  EXPECT_EQ(first.turn(flow, 2), 2);
  first.start(flow, 2);
  EXPECT_TRUE(first.turn_unfinished());
  Gate second(type, 0, first.state(), noon);
  EXPECT_EQ(second.cursor(), "A");
  EXPECT_EQ(second.turn(flow, 5), 1);
  second.start(flow, 1);
  EXPECT_FALSE(second.turn_unfinished());
  EXPECT_EQ(second.turn(flow, 5), 3);
}

TEST(Gate, a_passed_over_flow_has_had_its_turn) {
  TaskType type = flowing();
  type.flow.weights = {{"A", 3}};
  Gate gate(type, 0, {}, noon);
  gate.pass_over("A");
  EXPECT_EQ(gate.cursor(), "A");
  EXPECT_FALSE(gate.turn_unfinished());
}

TEST(Gate, an_ordered_flow_starts_one_and_only_who_holds_it) {
  TaskType type = flowing();
  type.flow.ordered = true;
  Gate gate(type, 0, {}, noon);
  EXPECT_EQ(gate.turn({.key = "A"}, 5), 1);
  EXPECT_EQ(gate.turn({.key = "B", .running = 1, .held = true}, 5), 0);
  EXPECT_EQ(gate.turn({.key = "C", .held = true, .holder_waits = true}, 5), 1);
  gate.start({.key = "A"}, 1);
  EXPECT_EQ(gate.turn({.key = "A"}, 5), 0);
}

}  // namespace
}  // namespace esteira
