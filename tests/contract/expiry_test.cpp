// expire_waiting and count_waiting: what waits too long, and how much waits.
#include "domain/expiry.hpp"

#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

class Expiry : public Contract {
 protected:
  NewTaskRow row(Duration in) {
    NewTaskRow row = new_task_row(type("ALPHA"));
    row.terms.expires_at = now() + in;
    return row;
  }
  int sweep(int limit = limits::expiries_max) {
    return must(repository().expire_waiting(limit, now()));
  }
};

TEST_P(Expiry, a_task_that_waits_too_long_ends_as_by_a_cancel) {
  const TaskId due = add(row(1min));
  NewTaskRow later = row(1min);
  later.scheduled_for = now() + 1h;
  const TaskId scheduled = add(later);
  const TaskId young = add(row(2min));
  const TaskId plain = add(new_task_row(type("ALPHA")));
  EXPECT_EQ(sweep(), 0);
  pass(1min);
  EXPECT_EQ(sweep(), 2);
  for (const TaskId task_id : {due, scheduled}) {
    const Task ended = task(task_id);
    EXPECT_EQ(ended.status, TaskStatus::cancelled);
    EXPECT_EQ(ended.error_message, "expired before it was started");
    EXPECT_EQ(ended.attempt, 1);
    EXPECT_EQ(ended.completed_at, now());
    const auto attempts = executions(task_id);
    ASSERT_EQ(attempts.size(), 1U);
    EXPECT_EQ(attempts[0].status, ExecutionStatus::cancelled);
    EXPECT_EQ(to_text(attempts[0].metadata), R"({"expired":true})");
  }
  EXPECT_EQ(status(young), TaskStatus::pending);
  EXPECT_EQ(status(plain), TaskStatus::pending);
  EXPECT_EQ(sweep(), 0);
  EXPECT_EQ(ids_of(claim({type("ALPHA")})), (std::vector{young, plain}));
}

TEST_P(Expiry, of_a_paused_type_too) {
  const TaskId task_id = add(row(1min));
  change_type("ALPHA", [](TaskType& changed) { changed.paused = true; });
  pass(1min);
  sweep();
  EXPECT_EQ(status(task_id), TaskStatus::cancelled);
}

TEST_P(Expiry, is_counted_as_an_end) {
  add(row(1min));
  pass(1min);
  sweep();
  const Stats stats = must(repository().stats(now()));
  EXPECT_EQ(stats.by_status[static_cast<std::size_t>(TaskStatus::cancelled)], 1);
  EXPECT_EQ(stats.by_status[static_cast<std::size_t>(TaskStatus::pending)], 0);
}

TEST_P(Expiry, a_task_that_runs_goes_on_and_expires_when_it_waits_again) {
  const TaskId task_id = add(row(1min));
  const Claim claimed = claim_one(type("ALPHA"));
  pass(1min);
  EXPECT_EQ(sweep(), 1);
  EXPECT_EQ(status(task_id), TaskStatus::processing);
  EXPECT_EQ(sweep(), 0) << "not looked at all the time";
  EXPECT_EQ(finish(failed(claimed, now())), FinishStatus::applied);
  pass(limits::expiry_recheck);
  EXPECT_EQ(sweep(), 1);
  EXPECT_EQ(status(task_id), TaskStatus::cancelled);
  EXPECT_EQ(executions(task_id).size(), 2U);
}

TEST_P(Expiry, a_task_that_has_ended_or_is_gone_is_left_alone) {
  const TaskId ended = add(row(1min));
  finish(completed(claim_one(type("ALPHA")), now()));
  remove(add(row(1min)));
  pass(1min);
  EXPECT_EQ(sweep(), 2);
  EXPECT_EQ(status(ended), TaskStatus::completed);
  EXPECT_EQ(sweep(), 0);
}

TEST_P(Expiry, goes_by_bounded_batches) {
  for (int i = 0; i < 5; ++i) add(row(1min));
  pass(1min);
  EXPECT_EQ(sweep(2), 2);
  EXPECT_EQ(sweep(2), 2);
  EXPECT_EQ(sweep(2), 1);
}

TEST_P(Expiry, a_persons_retry_lifts_it) {
  const TaskId task_id = add(row(1min));
  pass(1min);
  sweep();
  EXPECT_EQ(retry(task_id), ChangeStatus::applied);
  EXPECT_EQ(task(task_id).expires_at, std::nullopt);
  pass(1h);
  sweep();
  const Claim claimed = claim_one(type("ALPHA"));
  EXPECT_EQ(claimed.fence.task_id, task_id);
  EXPECT_FALSE(has_expired(claimed.terms, now()));
}

TEST_P(Expiry, a_claim_tells_when_its_task_expires) {
  const NewTaskRow given = row(1min);
  add(given);
  pass(1min);
  const Claim claimed = claim_one(type("ALPHA"));
  EXPECT_EQ(claimed.terms.expires_at, given.terms.expires_at);
  EXPECT_TRUE(has_expired(claimed.terms, now()));
}

TEST_P(Expiry, many_who_sweep_end_each_task_once) {
  std::vector<NewTaskRow> rows(200, row(1min));
  const auto ids = add(rows);
  pass(1min);
  run_together(4, [&](int) {
    const auto mine = another();
    while (must(mine->expire_waiting(20, now())) > 0) {
    }
  });
  sweep();
  for (const TaskId task_id : ids) EXPECT_EQ(executions(task_id).size(), 1U);
}

TEST_P(Expiry, what_waits_is_counted_up_to_a_bound) {
  const TypeId alpha = type("ALPHA");
  const TypeId beta = type("BETA");
  add_many(alpha, 3);
  add_many(beta, 1);
  NewTaskRow later = new_task_row(alpha);
  later.scheduled_for = now() + 1h;
  add(later);
  add(later);
  EXPECT_EQ(must(repository().count_waiting(alpha, 100)), 5);
  EXPECT_EQ(must(repository().count_waiting(alpha, 4)), 4);
  EXPECT_EQ(must(repository().count_waiting(beta, 100)), 1);
  claim({alpha}, 2);
  EXPECT_EQ(must(repository().count_waiting(alpha, 100)), 3);
}

INSTANTIATE_TEST_SUITE_P(Stores, Expiry, testing::ValuesIn(every_store()), store_name);

}  // namespace
}  // namespace esteira::test
