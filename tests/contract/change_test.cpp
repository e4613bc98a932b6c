// cancel, retry, remove: what a person may do, and when.
#include <algorithm>

#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

class Change : public Contract {
 protected:
  NewTaskRow unique_row(TypeId type_id) {
    NewTaskRow row = new_task_row(type_id);
    row.unique_key = "key";
    return row;
  }
};

TEST_P(Change, a_waiting_task_is_cancelled_at_once) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  pass(1s);
  EXPECT_EQ(cancel(task_id), ChangeStatus::applied);
  const Task found = task(task_id);
  EXPECT_EQ(found.status, TaskStatus::cancelled);
  EXPECT_EQ(found.attempt, 1) << "an end takes an attempt, so that the key stays free";
  EXPECT_EQ(found.retries, 0);
  EXPECT_EQ(found.completed_at, now());
  const std::vector<Execution> history = executions(task_id);
  ASSERT_EQ(history.size(), 1U);
  EXPECT_EQ(history[0].status, ExecutionStatus::cancelled);
  EXPECT_EQ(history[0].attempt, 1);
  EXPECT_EQ(history[0].completed_at, now());
  EXPECT_TRUE(claim({alpha}).empty());
}

TEST_P(Change, a_task_of_the_future_is_cancelled_at_once) {
  const TypeId alpha = type("ALPHA");
  NewTaskRow row = new_task_row(alpha);
  row.scheduled_for = now() + 1h;
  const TaskId task_id = add(row);
  EXPECT_EQ(cancel(task_id), ChangeStatus::applied);
  EXPECT_EQ(status(task_id), TaskStatus::cancelled);
  pass(2h);
  EXPECT_TRUE(claim({alpha}).empty());
}

TEST_P(Change, a_task_due_but_not_promoted_is_cancelled_at_once) {
  const TypeId alpha = type("ALPHA");
  NewTaskRow row = new_task_row(alpha);
  row.scheduled_for = now() + 1s;
  const TaskId task_id = add(row);
  pass(1h);
  EXPECT_EQ(status(task_id), TaskStatus::pending);
  EXPECT_EQ(cancel(task_id), ChangeStatus::applied);
  EXPECT_TRUE(claim({alpha}).empty());
}

TEST_P(Change, a_task_that_waits_for_its_retry_is_cancelled_with_its_history) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  finish(failed(claim_one(alpha), now()));
  EXPECT_EQ(cancel(task_id), ChangeStatus::applied);
  const Task found = task(task_id);
  EXPECT_EQ(found.status, TaskStatus::cancelled);
  EXPECT_EQ(found.attempt, 2);
  EXPECT_EQ(found.retries, 1);
  EXPECT_EQ(executions(task_id).size(), 2U);
  pass(1h);
  EXPECT_TRUE(claim({alpha}).empty());
}

TEST_P(Change, an_interrupted_task_is_cancelled_where_it_waits) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const Claim claim_of_it = claim_one(alpha);
  pass(1min);
  finish(interrupted(claim_of_it, now()));
  EXPECT_EQ(cancel(task_id), ChangeStatus::applied);
  EXPECT_EQ(status(task_id), TaskStatus::cancelled);
}

TEST_P(Change, a_running_task_is_asked_to_stop_and_then_ends_cancelled) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  Claim claim = claim_one(alpha);
  EXPECT_EQ(cancel(task_id), ChangeStatus::requested);
  EXPECT_EQ(cancel(task_id), ChangeStatus::requested);
  EXPECT_EQ(status(task_id), TaskStatus::processing);
  const auto requests = must(repository().cancel_requests());
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].task_id, task_id);
  EXPECT_EQ(requests[0].attempt, 1);
  const std::string before = everything_of(task_id);
  EXPECT_EQ(finish(failed(claim, now())), FinishStatus::cancel_requested);
  EXPECT_EQ(finish(failed_for_good(claim, now())), FinishStatus::cancel_requested);
  EXPECT_EQ(finish(interrupted(claim, now())), FinishStatus::cancel_requested);
  EXPECT_EQ(everything_of(task_id), before);
  claim.cancel_requested = true;
  EXPECT_EQ(finish(interrupted(claim, now())), FinishStatus::applied);
  EXPECT_EQ(status(task_id), TaskStatus::cancelled);
  EXPECT_TRUE(must(repository().cancel_requests()).empty());
}

TEST_P(Change, a_running_task_that_completes_in_spite_of_its_cancel_is_completed) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const Claim claim = claim_one(alpha);
  EXPECT_EQ(cancel(task_id), ChangeStatus::requested);
  EXPECT_EQ(finish(completed(claim, now())), FinishStatus::applied);
  EXPECT_EQ(status(task_id), TaskStatus::completed);
  EXPECT_EQ(cancel(task_id), ChangeStatus::wrong_status);
}

TEST_P(Change, a_cancel_asks_one_attempt_alone) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  Claim first = claim_one(alpha);
  cancel(task_id);
  first.cancel_requested = true;
  finish(interrupted(first, now()));
  EXPECT_EQ(retry(task_id), ChangeStatus::applied);
  pass(2s);
  const Claim second = claim_one(alpha);
  EXPECT_FALSE(second.cancel_requested);
  EXPECT_EQ(finish(failed(second, now())), FinishStatus::applied);
  EXPECT_EQ(status(task_id), TaskStatus::pending);
}

TEST_P(Change, cancels_answer_in_order_each_by_its_status) {
  const TypeId alpha = type("ALPHA");
  const TaskId done = ended(alpha, TaskStatus::completed);
  const TaskId running = add(new_task_row(alpha));
  claim_one(alpha);
  const TaskId waiting = add(new_task_row(alpha));
  const std::vector<TaskId> ids{waiting, 999999, done, running, waiting};
  EXPECT_EQ(must(repository().cancel(ids, now())),
            (std::vector{ChangeStatus::applied, ChangeStatus::not_found, ChangeStatus::wrong_status,
                         ChangeStatus::requested, ChangeStatus::wrong_status}));
}

TEST_P(Change, of_cancel_and_complete_one_wins) {
  constexpr int tasks = 120;
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> ids = add_many(alpha, tasks);
  const std::vector<Claim> claims = claim({alpha});
  std::vector<FinishStatus> finished(claims.size());
  std::vector<ChangeStatus> cancelled(claims.size());
  run_together(2, [&](int index) {
    const auto mine = another();
    for (std::size_t at = 0; at < claims.size(); ++at) {
      if (index == 0) {
        // A failure, because a success may come through although a cancel was asked for.
        const Settlement settlement = failed_for_good(claims[at], now());
        TickRequest request;
        request.settlements = std::span{&settlement, 1};
        finished[at] = must(mine->tick(request, now())).settlements.at(0);
      } else {
        cancelled[at] = must(mine->cancel(std::span{&ids[at], 1}, now())).at(0);
      }
    }
  });
  for (std::size_t at = 0; at < claims.size(); ++at) {
    const bool ended_first = cancelled[at] == ChangeStatus::wrong_status;
    EXPECT_EQ(finished[at], ended_first ? FinishStatus::applied : FinishStatus::cancel_requested);
    EXPECT_EQ(cancelled[at], ended_first ? ChangeStatus::wrong_status : ChangeStatus::requested);
    EXPECT_EQ(status(ids[at]), ended_first ? TaskStatus::failed : TaskStatus::processing);
  }
}

TEST_P(Change, of_cancel_and_claim_one_comes_first) {
  constexpr int tasks = 200;
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> ids = add_many(alpha, tasks);
  std::vector<ChangeStatus> cancelled(ids.size());
  std::vector<TaskId> claimed;
  run_together(2, [&](int index) {
    const auto mine = another();
    if (index == 0) {
      SeededRandom random{1};
      Time moment = now();
      for (int empty = 0; empty < 3; moment += 2s) {
        TickRequest request;
        request.claim = ClaimRequest{
            .lease_id = random.lease_id(), .types = {alpha}, .limit = 5, .lease = 1h, .ageing = {}};
        const auto claims = must(mine->tick(request, moment)).claims;
        for (const Claim& claim : claims) claimed.push_back(claim.fence.task_id);
        empty = claims.empty() ? empty + 1 : 0;
      }
    } else {
      for (std::size_t at = ids.size(); at-- > 0;) {
        cancelled[at] = must(mine->cancel(std::span{&ids[at], 1}, now())).at(0);
      }
    }
  });
  for (std::size_t at = 0; at < ids.size(); ++at) {
    const bool ran = std::ranges::find(claimed, ids[at]) != claimed.end();
    EXPECT_EQ(cancelled[at], ran ? ChangeStatus::requested : ChangeStatus::applied);
    EXPECT_EQ(status(ids[at]), ran ? TaskStatus::processing : TaskStatus::cancelled);
  }
}

TEST_P(Change, a_retried_task_waits_with_a_fresh_budget_and_its_history) {
  const TypeId alpha = type("ALPHA");
  NewTaskRow row = new_task_row(alpha);
  row.max_retries = 1;
  const TaskId task_id = add(row);
  for (int attempt = 1; attempt <= 2; ++attempt) {
    finish(failed(claim_one(alpha), now()));
    pass(1h);
  }
  EXPECT_EQ(status(task_id), TaskStatus::failed);
  EXPECT_EQ(retry(task_id), ChangeStatus::applied);
  const Task found = task(task_id);
  EXPECT_EQ(found.status, TaskStatus::pending);
  EXPECT_EQ(found.retries, 0);
  EXPECT_EQ(found.crashes, 0);
  EXPECT_EQ(found.attempt, 2);
  EXPECT_FALSE(found.completed_at);
  EXPECT_EQ(executions(task_id).size(), 2U);
  pass(2s);
  const Claim third = claim_one(alpha);
  EXPECT_EQ(third.fence.attempt, 3);
  EXPECT_EQ(third.retries, 0);
  EXPECT_EQ(third.run_at, now() - 2s);
  finish(failed(third, now()));
  EXPECT_EQ(status(task_id), TaskStatus::pending) << "its budget is fresh";
  pass(1h);
  finish(completed(claim_one(alpha), now(), "1"));
  EXPECT_EQ(status(task_id), TaskStatus::completed);
  EXPECT_EQ(executions(task_id).size(), 4U);
}

TEST_P(Change, every_end_may_be_retried_again_and_again) {
  const TypeId alpha = type("ALPHA");
  for (const TaskStatus end : {TaskStatus::completed, TaskStatus::failed, TaskStatus::cancelled}) {
    const TaskId task_id = ended(alpha, end);
    EXPECT_EQ(retry(task_id), ChangeStatus::applied);
    EXPECT_EQ(status(task_id), TaskStatus::pending);
    EXPECT_EQ(cancel(task_id), ChangeStatus::applied);
    EXPECT_EQ(retry(task_id), ChangeStatus::applied);
    pass(2s);
    EXPECT_EQ(finish(completed(claim_one(alpha), now(), "2")), FinishStatus::applied);
    EXPECT_EQ(task(task_id).result, Json(2));
    EXPECT_EQ(task(task_id).attempt, 3);
    EXPECT_EQ(executions(task_id).size(), 3U);
  }
}

TEST_P(Change, what_has_not_ended_is_not_retried) {
  const TypeId alpha = type("ALPHA");
  const TaskId running = add(new_task_row(alpha));
  claim_one(alpha);
  const TaskId waiting = add(new_task_row(alpha));
  const std::vector<TaskId> ids{running, waiting, 999999};
  EXPECT_EQ(must(repository().retry(ids, now())),
            (std::vector{ChangeStatus::wrong_status, ChangeStatus::wrong_status,
                         ChangeStatus::not_found}));
  EXPECT_TRUE(executions(waiting).empty());
}

TEST_P(Change, a_retry_takes_its_unique_key_again_or_says_who_holds_it) {
  const TypeId alpha = type("ALPHA");
  const TaskId first = add(unique_row(alpha));
  finish(failed_for_good(claim_one(alpha), now()));
  const TaskId second = add(unique_row(alpha));
  EXPECT_EQ(retry(first), ChangeStatus::unique_conflict);
  EXPECT_EQ(status(first), TaskStatus::failed);
  cancel(second);
  EXPECT_EQ(retry(first), ChangeStatus::applied);
  const NewTaskRow row = unique_row(alpha);
  EXPECT_EQ(error_of(repository().insert(std::span{&row, 1}, now())).task_id, first);
  EXPECT_EQ(retry(second), ChangeStatus::unique_conflict);
}

TEST_P(Change, a_stale_result_of_before_does_not_end_a_retried_task) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const Settlement settlement = completed(claim_one(alpha), now());
  finish(settlement);
  retry(task_id);
  EXPECT_EQ(finish(settlement), FinishStatus::already_applied);
  EXPECT_EQ(status(task_id), TaskStatus::pending);
}

TEST_P(Change, a_removed_task_is_gone_and_its_id_stays_unused) {
  const TypeId alpha = type("ALPHA");
  NewTaskRow row = unique_row(alpha);
  row.tags = {"tag"};
  const TaskId task_id = add(row);
  EXPECT_EQ(remove(task_id), ChangeStatus::applied);
  EXPECT_FALSE(must(repository().task(task_id, now())));
  EXPECT_TRUE(must(repository().tasks({.tag = "tag"}, now())).empty());
  EXPECT_TRUE(claim({alpha}).empty());
  EXPECT_EQ(remove(task_id), ChangeStatus::not_found);
  EXPECT_EQ(cancel(task_id), ChangeStatus::not_found);
  EXPECT_EQ(retry(task_id), ChangeStatus::not_found);
  EXPECT_GT(add(row), task_id);
}

TEST_P(Change, ended_tasks_may_be_removed_and_running_ones_not) {
  const TypeId alpha = type("ALPHA");
  for (const TaskStatus end : {TaskStatus::completed, TaskStatus::failed, TaskStatus::cancelled}) {
    const TaskId task_id = ended(alpha, end);
    EXPECT_EQ(remove(task_id), ChangeStatus::applied);
    EXPECT_FALSE(must(repository().task(task_id, now())));
    EXPECT_TRUE(executions(task_id).empty());
  }
  const TaskId running = add(new_task_row(alpha));
  const Claim claim = claim_one(alpha);
  EXPECT_EQ(remove(running), ChangeStatus::wrong_status);
  EXPECT_EQ(finish(completed(claim, now())), FinishStatus::applied);
}

TEST_P(Change, a_task_of_the_future_may_be_removed) {
  const TypeId alpha = type("ALPHA");
  NewTaskRow row = new_task_row(alpha);
  row.scheduled_for = now() + 1h;
  const TaskId task_id = add(row);
  EXPECT_EQ(remove(task_id), ChangeStatus::applied);
  pass(2h);
  EXPECT_TRUE(claim({alpha}).empty());
}

TEST_P(Change, a_result_for_a_removed_task_is_stale) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const Settlement settlement = completed(claim_one(alpha), now());
  finish(settlement);
  remove(task_id);
  EXPECT_EQ(finish(settlement), FinishStatus::stale);
  EXPECT_FALSE(must(repository().task(task_id, now())));
}

TEST_P(Change, a_removed_task_does_not_come_back_by_the_lease_that_held_it) {
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> ids = add_many(alpha, 2);
  const std::vector<Claim> claims = claim({alpha});
  const Settlement settlement = completed(claims[0], now());
  finish(settlement);
  EXPECT_EQ(remove(ids[0]), ChangeStatus::applied);
  EXPECT_EQ(finish(settlement), FinishStatus::stale);
  EXPECT_FALSE(note(ProgressNote{.fence = claims[0].fence, .fraction = 0.5, .text = ""}).applied);
  EXPECT_EQ(renew(claims[0].fence.lease_id, {held(claims[0]), held(claims[1])}).held,
            (std::vector{HeldStatus::lost, HeldStatus::ok}));
  EXPECT_EQ(ids_of(must(repository().tasks({.status = TaskStatus::processing}, now()))),
            std::vector{ids[1]});
  EXPECT_EQ(
      must(repository().stats(now())).by_status[static_cast<std::size_t>(TaskStatus::processing)],
      1);
  pass(1min);
  const auto taken = take_expired();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].claim.fence.task_id, ids[1]);
}

INSTANTIATE_TEST_SUITE_P(Stores, Change, testing::ValuesIn(every_store()), store_name);

}  // namespace
}  // namespace esteira::test
