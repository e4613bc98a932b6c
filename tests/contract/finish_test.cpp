// finish: what a run's end leaves behind, once.
#include <algorithm>

#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

class Finish : public Contract {};

TEST_P(Finish, a_completed_task_keeps_its_result) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const Time created_at = now();
  pass(1s);
  const Time started_at = now();
  const Claim claim = claim_one(alpha);
  pass(3s);
  EXPECT_EQ(finish(completed(claim, now(), R"({"sent":true})")), FinishStatus::applied);
  const Task found = task(task_id);
  EXPECT_EQ(found.status, TaskStatus::completed);
  EXPECT_EQ(found.result, Json({{"sent", true}}));
  EXPECT_EQ(found.created_at, created_at);
  EXPECT_EQ(found.started_at, started_at);
  EXPECT_EQ(found.completed_at, now());
  EXPECT_EQ(found.updated_at, now());
  EXPECT_EQ(found.worker, worker_name);
  EXPECT_EQ(found.attempt, 1);
  EXPECT_FALSE(found.error_message);
}

TEST_P(Finish, each_attempt_leaves_one_row_of_history) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const Time first_start = now();
  const Claim first = claim_one(alpha);
  pass(1s);
  const Time first_end = now();
  finish(settle(first, outcome::Failed{.message = "no network", .metadata = R"({"code":7})"},
                plain_policy(), now()));
  pass(1h);
  finish(completed(claim_one(alpha), now()));
  const std::vector<Execution> history = executions(task_id);
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].execution_id, task_id * 65536 + 1);
  EXPECT_EQ(history[0].task_id, task_id);
  EXPECT_EQ(history[0].attempt, 1);
  EXPECT_EQ(history[0].status, ExecutionStatus::failed);
  EXPECT_EQ(history[0].started_at, first_start);
  EXPECT_EQ(history[0].completed_at, first_end);
  EXPECT_EQ(history[0].error_message, "no network");
  EXPECT_EQ(history[0].metadata, Json({{"code", 7}}));
  EXPECT_EQ(history[1].attempt, 2);
  EXPECT_EQ(history[1].status, ExecutionStatus::completed);
  EXPECT_FALSE(history[1].error_message);
  EXPECT_TRUE(history[1].metadata.is_null());
}

TEST_P(Finish, a_running_attempt_is_the_last_of_the_history) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  finish(snoozed(claim_one(alpha), now(), 1s));
  pass(5s);
  claim_one(alpha);
  const std::vector<Execution> history = executions(task_id);
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].status, ExecutionStatus::snoozed);
  EXPECT_EQ(history[1].status, ExecutionStatus::processing);
  EXPECT_EQ(history[1].attempt, 2);
  EXPECT_EQ(history[1].execution_id, task_id * 65536 + 2);
  EXPECT_EQ(history[1].started_at, now());
  EXPECT_FALSE(history[1].completed_at);
}

TEST_P(Finish, a_failed_task_waits_for_its_retry_and_shows_the_error) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const Settlement settlement = failed(claim_one(alpha), now(), "no network");
  finish(settlement);
  const Task found = task(task_id);
  EXPECT_EQ(found.status, TaskStatus::pending);
  EXPECT_EQ(found.retries, 1);
  EXPECT_EQ(found.scheduled_for, std::get<Again>(settlement.next).run_at);
  EXPECT_EQ(found.error_message, "no network");
  EXPECT_FALSE(found.completed_at);
  EXPECT_TRUE(claim({alpha}).empty());
  pass(1min);
  const Claim again = claim_one(alpha);
  EXPECT_EQ(again.retries, 1);
  EXPECT_EQ(again.run_at, std::get<Again>(settlement.next).run_at);
}

TEST_P(Finish, a_task_that_uses_up_its_retries_fails) {
  const TypeId alpha = type("ALPHA");
  NewTaskRow row = new_task_row(alpha);
  row.max_retries = 2;
  const TaskId task_id = add(row);
  for (int attempt = 1; attempt <= 3; ++attempt) {
    EXPECT_EQ(finish(failed(claim_one(alpha), now(), "try " + std::to_string(attempt))),
              FinishStatus::applied);
    pass(1h);
  }
  const Task found = task(task_id);
  EXPECT_EQ(found.status, TaskStatus::failed);
  EXPECT_EQ(found.attempt, 3);
  EXPECT_EQ(found.retries, 2);
  EXPECT_EQ(found.error_message, "try 3");
  EXPECT_EQ(found.completed_at, now() - 1h);
  EXPECT_TRUE(claim({alpha}).empty());
  EXPECT_EQ(executions(task_id).size(), 3U);
}

TEST_P(Finish, a_completed_task_shows_no_earlier_error) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  finish(failed(claim_one(alpha), now()));
  pass(1h);
  finish(completed(claim_one(alpha), now()));
  EXPECT_FALSE(task(task_id).error_message);
  EXPECT_EQ(task(task_id).retries, 1);
}

TEST_P(Finish, a_cancelled_outcome_ends_the_task) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  finish(settle(claim_one(alpha), outcome::Cancelled{.reason = "sold out"}, plain_policy(), now()));
  EXPECT_EQ(status(task_id), TaskStatus::cancelled);
  EXPECT_EQ(task(task_id).error_message, "sold out");
}

TEST_P(Finish, an_interrupted_task_keeps_its_place) {
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> ids = add_many(alpha, 3);
  const Claim first = claim_one(alpha);
  pass(1min);
  finish(interrupted(first, now()));
  pass(2s);
  const std::vector<Claim> claims = claim({alpha});
  EXPECT_EQ(ids_of(claims), ids);
  EXPECT_EQ(claims.at(0).run_at, first.run_at);
  EXPECT_EQ(claims.at(0).retries, 0);
  EXPECT_EQ(claims.at(0).crashes, 0);
}

TEST_P(Finish, a_snoozed_task_comes_back_after_its_delay) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  finish(snoozed(claim_one(alpha), now(), 1h));
  EXPECT_EQ(task(task_id).scheduled_for, now() + 1h);
  pass(59min);
  EXPECT_TRUE(claim({alpha}).empty());
  pass(1min);
  const Claim claim = claim_one(alpha);
  EXPECT_EQ(claim.run_at, now());
  EXPECT_EQ(claim.retries, 0);
}

TEST_P(Finish, the_same_settlement_twice_is_applied_once) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const Settlement settlement = completed(claim_one(alpha), now());
  EXPECT_EQ(finish(settlement), FinishStatus::applied);
  const std::string before = everything_of(task_id);
  const Stats stats = must(repository().stats(now()));
  EXPECT_EQ(finish(settlement), FinishStatus::already_applied);
  EXPECT_EQ(everything_of(task_id), before);
  EXPECT_EQ(must(repository().stats(now())).by_status, stats.by_status);
}

TEST_P(Finish, a_retry_settled_twice_waits_once) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const Settlement settlement = failed(claim_one(alpha), now());
  EXPECT_EQ(finish(settlement), FinishStatus::applied);
  EXPECT_EQ(finish(settlement), FinishStatus::already_applied);
  EXPECT_EQ(executions(task_id).size(), 1U);
  pass(1h);
  EXPECT_EQ(claim({alpha}).size(), 1U);
  const std::string before = everything_of(task_id);
  EXPECT_EQ(finish(settlement), FinishStatus::already_applied) << "the next attempt runs";
  EXPECT_EQ(everything_of(task_id), before);
}

TEST_P(Finish, one_fence_twice_in_a_request_is_applied_once) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const Claim claim = claim_one(alpha);
  const std::vector<Settlement> both{completed(claim, now(), "1"), failed(claim, now())};
  EXPECT_EQ(finish(both), (std::vector{FinishStatus::applied, FinishStatus::already_applied}));
  EXPECT_EQ(task(task_id).result, Json(1));
  EXPECT_EQ(executions(task_id).size(), 1U);
}

TEST_P(Finish, a_wrong_attempt_or_lease_changes_nothing) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const Settlement good = completed(claim_one(alpha), now());
  const std::string before = everything_of(task_id);
  Settlement wrong = good;
  wrong.fence.attempt = 2;
  EXPECT_EQ(finish(wrong), FinishStatus::stale);
  wrong = good;
  wrong.fence.lease_id = chance.lease_id();
  EXPECT_EQ(finish(wrong), FinishStatus::stale);
  wrong = good;
  wrong.fence.task_id += 1;
  EXPECT_EQ(finish(wrong), FinishStatus::stale);
  EXPECT_EQ(everything_of(task_id), before);
  EXPECT_EQ(finish(good), FinishStatus::applied);
}

TEST_P(Finish, another_lease_on_an_ended_attempt_is_stale) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  Settlement settlement = completed(claim_one(alpha), now());
  finish(settlement);
  const std::string before = everything_of(task_id);
  settlement.fence.lease_id = chance.lease_id();
  EXPECT_EQ(finish(settlement), FinishStatus::stale);
  EXPECT_EQ(everything_of(task_id), before);
}

TEST_P(Finish, stale_ones_do_not_disturb_good_ones) {
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> ids = add_many(alpha, 3);
  std::vector<Settlement> settlements;
  for (const Claim& claim : claim({alpha})) settlements.push_back(completed(claim, now()));
  settlements[1].fence.lease_id = chance.lease_id();
  EXPECT_EQ(finish(settlements),
            (std::vector{FinishStatus::applied, FinishStatus::stale, FinishStatus::applied}));
  EXPECT_EQ(status(ids[1]), TaskStatus::processing);
}

TEST_P(Finish, the_tasks_of_a_lease_end_one_by_one) {
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> ids = add_many(alpha, 3);
  const std::vector<Claim> claims = claim({alpha});
  for (std::size_t index = 0; index < claims.size(); ++index) {
    EXPECT_EQ(finish(completed(claims[index], now())), FinishStatus::applied);
    for (std::size_t other = 0; other < claims.size(); ++other) {
      EXPECT_EQ(status(ids[other]),
                other <= index ? TaskStatus::completed : TaskStatus::processing);
    }
  }
}

TEST_P(Finish, a_tick_settles_and_claims_at_once) {
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> ids = add_many(alpha, 6);
  std::vector<Settlement> settlements;
  for (const Claim& claim : claim({alpha}, 3)) settlements.push_back(completed(claim, now()));
  TickRequest request = claim_request({alpha}, 2);
  request.settlements = settlements;
  const TickAnswer answer = tick(request);
  EXPECT_EQ(answer.settlements, std::vector<FinishStatus>(3, FinishStatus::applied));
  EXPECT_EQ(ids_of(answer.claims), (std::vector{ids[3], ids[4]}));
}

TEST_P(Finish, a_settlement_that_waits_no_longer_is_claimed_by_the_same_tick) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const Settlement settlement = interrupted(claim_one(alpha), now());
  pass(2s);
  TickRequest request = claim_request({alpha}, 2);
  request.settlements = std::span{&settlement, 1};
  const std::vector<Claim> claims = tick(request).claims;
  EXPECT_EQ(ids_of(claims), std::vector{task_id});
  EXPECT_EQ(claims.at(0).fence.attempt, 2);
  EXPECT_EQ(status(task_id), TaskStatus::processing);
}

TEST_P(Finish, a_note_comes_before_the_settlement_of_its_tick) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const Claim claim = claim_one(alpha);
  const std::vector<Note> notes{
      LogNote{.fence = claim.fence, .line = 1, .at = now(), .text = "last words"}};
  const Settlement settlement = completed(claim, now());
  TickRequest request;
  request.worker = worker_name;
  request.notes = notes;
  request.settlements = std::span{&settlement, 1};
  const TickAnswer answer = tick(request);
  EXPECT_TRUE(answer.notes.at(0).applied);
  EXPECT_EQ(answer.settlements.at(0), FinishStatus::applied);
  EXPECT_EQ(must(repository().log_lines(task_id)).at(0).text, "last words");
}

TEST_P(Finish, a_thousand_end_together) {
  const TypeId alpha = type("ALPHA");
  add_many(alpha, limits::claim_tasks_max);
  std::vector<Settlement> settlements;
  for (const Claim& claim : claim({alpha})) {
    settlements.push_back(settlements.size() % 3 == 0 ? failed(claim, now(), "it's 100% broken")
                                                      : completed(claim, now(), "[1]"));
  }
  const std::vector<FinishStatus> answers = finish(settlements);
  EXPECT_EQ(std::ranges::count(answers, FinishStatus::applied), limits::claim_tasks_max);
  const std::vector<FinishStatus> repeated = finish(settlements);
  EXPECT_EQ(std::ranges::count(repeated, FinishStatus::already_applied), limits::claim_tasks_max);
}

TEST_P(Finish, a_tick_without_anything_answers_nothing) {
  const TickAnswer answer = tick({.worker = worker_name});
  EXPECT_TRUE(answer.notes.empty());
  EXPECT_TRUE(answer.settlements.empty());
  EXPECT_TRUE(answer.renewals.empty());
  EXPECT_TRUE(answer.claims.empty());
  EXPECT_EQ(answer.promoted, 0);
  EXPECT_FALSE(answer.next_due_at);
}

TEST_P(Finish, of_two_that_settle_one_attempt_one_is_applied) {
  constexpr int tasks = 50;
  const TypeId alpha = type("ALPHA");
  add_many(alpha, tasks);
  const std::vector<Claim> claims = claim({alpha});
  std::vector<std::vector<FinishStatus>> answers(2);
  run_together(2, [&](int index) {
    const auto mine = another();
    for (const Claim& claim : claims) {
      const Settlement settlement = index == 0 ? completed(claim, now()) : failed(claim, now());
      TickRequest request;
      request.settlements = std::span{&settlement, 1};
      answers[static_cast<std::size_t>(index)].push_back(
          must(mine->tick(request, now())).settlements.at(0));
    }
  });
  for (std::size_t at = 0; at < claims.size(); ++at) {
    const bool first = answers[0][at] == FinishStatus::applied;
    EXPECT_EQ(answers[first ? 1 : 0][at], FinishStatus::already_applied);
    EXPECT_EQ(answers[first ? 0 : 1][at], FinishStatus::applied);
    EXPECT_EQ(executions(claims[at].fence.task_id).size(), 1U);
    EXPECT_EQ(status(claims[at].fence.task_id),
              first ? TaskStatus::completed : TaskStatus::pending);
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, Finish, testing::ValuesIn(every_store()), store_name);

}  // namespace
}  // namespace esteira::test
