// What the ends of parents mean, and what a retry of a batch takes along.
#include "domain/dependencies.hpp"

#include <gtest/gtest.h>

namespace esteira {
namespace {

using enum DependencyRule;
constexpr auto cancels = ParentFailure::cancel;
constexpr auto runs = ParentFailure::run;

TaskTerms rule_of(DependencyRule rule, ParentFailure on_failure) {
  return {.dependency_rule = rule, .on_parent_failure = on_failure};
}

TEST(Dependencies, a_child_waits_while_a_parent_is_open) {
  for (const auto rule : {completed, ended}) {
    for (const auto failure : {cancels, runs}) {
      EXPECT_EQ(decide_child(rule_of(rule, failure), {.open = 1, .completed = 5}), ChildFate::wait);
      EXPECT_EQ(decide_child(rule_of(rule, failure), {.completed = 5}), ChildFate::run);
      EXPECT_EQ(decide_child(rule_of(rule, failure), {}), ChildFate::run);
    }
  }
}

TEST(Dependencies, a_parent_that_ended_badly_counts_by_the_rule) {
  for (const ParentEnds& bad : {ParentEnds{.failed = 1}, ParentEnds{.cancelled = 1}}) {
    EXPECT_EQ(decide_child(rule_of(completed, cancels), bad), ChildFate::cancel);
    EXPECT_EQ(decide_child(rule_of(completed, runs), bad), ChildFate::run);
    EXPECT_EQ(decide_child(rule_of(ended, cancels), bad), ChildFate::run);
    EXPECT_EQ(decide_child(rule_of(ended, runs), bad), ChildFate::run);
  }
}

TEST(Dependencies, a_child_that_is_to_be_cancelled_does_not_wait_for_the_others) {
  const ParentEnds ends{.open = 3, .failed = 1};
  EXPECT_EQ(decide_child(rule_of(completed, cancels), ends), ChildFate::cancel);
  EXPECT_EQ(decide_child(rule_of(completed, runs), ends), ChildFate::wait);
  EXPECT_EQ(decide_child(rule_of(ended, cancels), ends), ChildFate::wait);
}

EndedTask ended_task(TaskId id, std::vector<TaskId> parents) {
  return {.task_id = id, .terms = {.depends_on = std::move(parents)}};
}

TEST(Dependencies, a_retry_takes_a_failed_task_and_all_that_hang_on_it_along) {
  const std::vector<EndedTask> tasks{ended_task(4, {3}), ended_task(2, {1}), ended_task(3, {2})};
  EXPECT_EQ(plan_retry(tasks, {{1, TaskStatus::completed}}), (std::vector<TaskId>{2, 3, 4}));
}

TEST(Dependencies, a_retry_takes_parents_before_their_children_whatever_their_ids) {
  const std::vector<EndedTask> tasks{ended_task(1, {2, 4}), ended_task(2, {3}), ended_task(3, {}),
                                     ended_task(4, {3, 3})};
  EXPECT_EQ(plan_retry(tasks, {}), (std::vector<TaskId>{3, 2, 4, 1}));
}

TEST(Dependencies, a_retry_leaves_out_what_hangs_on_a_task_that_stays_failed) {
  // 2 hangs on 1, which failed and is not retried with them; 3 hangs on 2; 5 on a running task.
  const std::vector<EndedTask> tasks{ended_task(3, {2}), ended_task(2, {1}), ended_task(5, {6})};
  EXPECT_EQ(plan_retry(tasks, {{1, TaskStatus::failed}, {6, TaskStatus::processing}}),
            (std::vector<TaskId>{5}));
}

TEST(Dependencies, a_retry_is_held_back_by_no_parent_that_is_gone_or_may_fail) {
  EndedTask tolerant = ended_task(2, {1});
  tolerant.terms.on_parent_failure = runs;
  EXPECT_EQ(plan_retry(std::vector{ended_task(3, {9}), tolerant}, {{1, TaskStatus::failed}}),
            (std::vector<TaskId>{2, 3}));
}

}  // namespace
}  // namespace esteira
