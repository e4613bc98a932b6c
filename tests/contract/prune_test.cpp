// prune: what ended long ago goes, whole, and nothing else does.
#include <algorithm>

#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

class Prune : public Contract {
 protected:
  std::int64_t prune(PruneRequest request) { return must(repository().prune(request, now())); }
  bool exists(TaskId task_id) { return must(repository().task(task_id, now())).has_value(); }
};

TEST_P(Prune, keeps_each_task_as_long_as_its_type_says) {
  const auto keep = [&](const std::string& name, Duration done, Duration broken, Duration stopped) {
    return change_type(name,
                       [&](TaskType& changed) {
                         changed.retention = {
                             .completed = done, .failed = broken, .cancelled = stopped};
                       })
        .type_id;
  };
  const TypeId alpha = keep("ALPHA", 1h, 3h, 5h);
  const TypeId beta = keep("BETA", 10h, 10h, 10h);
  const TaskId done = ended(alpha, TaskStatus::completed);
  const TaskId broken = ended(alpha, TaskStatus::failed);
  const TaskId stopped = ended(alpha, TaskStatus::cancelled);
  const TaskId other = ended(beta, TaskStatus::completed);
  EXPECT_EQ(prune({.limit = 100}), 0);
  pass(2h);
  EXPECT_EQ(prune({.limit = 100}), 1);
  EXPECT_FALSE(exists(done));
  pass(2h);
  EXPECT_EQ(prune({.limit = 100}), 1);
  EXPECT_FALSE(exists(broken));
  EXPECT_TRUE(exists(stopped));
  pass(2h);
  EXPECT_EQ(prune({.limit = 100}), 1);
  EXPECT_FALSE(exists(stopped));
  EXPECT_TRUE(exists(other));
  EXPECT_EQ(prune({.limit = 100}), 0);
}

TEST_P(Prune, by_hand_takes_other_ages) {
  const TypeId alpha = type("ALPHA");
  const TaskId done = ended(alpha, TaskStatus::completed);
  const TaskId broken = ended(alpha, TaskStatus::failed);
  const TaskId stopped = ended(alpha, TaskStatus::cancelled);
  pass(1h);
  EXPECT_EQ(prune({.completed_older = 30min, .limit = 100}), 1);
  EXPECT_FALSE(exists(done));
  EXPECT_EQ(prune({.failed_older = 2h, .limit = 100}), 0);
  EXPECT_EQ(prune({.failed_older = 30min, .limit = 100}), 2);
  EXPECT_FALSE(exists(broken));
  EXPECT_FALSE(exists(stopped));
}

TEST_P(Prune, is_bounded_and_reaches_all) {
  constexpr int tasks = 250;
  const TypeId alpha = type("ALPHA");
  add_many(alpha, tasks);
  std::vector<Settlement> settlements;
  for (const Claim& claim : claim({alpha})) settlements.push_back(completed(claim, now()));
  finish(settlements);
  const TaskId waiting = add(new_task_row(alpha));
  pass(24h * 8);
  std::int64_t pruned = 0;
  std::int64_t last = 0;
  do {
    last = prune({.limit = 100});
    EXPECT_LE(last, 100);
    pruned += last;
  } while (last == 100);
  EXPECT_EQ(pruned, tasks);
  EXPECT_EQ(ids_of(must(repository().tasks({.limit = 1000}, now()))), std::vector{waiting});
}

TEST_P(Prune, reaches_old_ones_among_many_that_stay) {
  const TypeId alpha = type("ALPHA");
  const TypeId beta =
      change_type("BETA", [](TaskType& changed) { changed.retention.completed = 1h; }).type_id;
  std::vector<TaskId> short_lived;
  for (int round = 0; round < 20; ++round) {
    for (int count = 0; count < 10; ++count) ended(alpha, TaskStatus::completed);
    short_lived.push_back(ended(beta, TaskStatus::completed));
  }
  pass(2h);
  std::int64_t pruned = 0;
  // "Fewer than the limit: none is left."
  for (std::int64_t last = 7; last == 7; pruned += last) last = prune({.limit = 7});
  EXPECT_EQ(pruned, std::ssize(short_lived));
  for (const TaskId task_id : short_lived) EXPECT_FALSE(exists(task_id));
}

TEST_P(Prune, never_takes_what_waits_or_runs) {
  const TypeId alpha = type("ALPHA");
  const TaskId retried = ended(alpha, TaskStatus::failed);
  retry(retried);
  const TaskId running = add(new_task_row(alpha));
  NewTaskRow row = new_task_row(alpha);
  row.priority = -1;
  const TaskId failing = add(row);
  for (const Claim& claim : claim({alpha})) {
    if (claim.fence.task_id != running) finish(snoozed(claim, now(), 24h * 364));
  }
  pass(24h * 200);
  EXPECT_EQ(prune({.completed_older = 1s, .failed_older = 1s, .limit = 100}), 0);
  for (const TaskId task_id : {retried, running, failing}) EXPECT_TRUE(exists(task_id));
}

TEST_P(Prune, counts_age_from_the_last_end) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = ended(alpha, TaskStatus::failed);
  pass(24h * 80);
  retry(task_id);
  pass(2s);
  finish(failed_for_good(claim_one(alpha), now()));
  pass(24h * 20);
  EXPECT_EQ(prune({.limit = 100}), 0);
  pass(24h * 80);
  EXPECT_EQ(prune({.limit = 100}), 1);
  EXPECT_FALSE(exists(task_id));
  EXPECT_TRUE(executions(task_id).empty());
}

TEST_P(Prune, goes_on_after_its_first_pass) {
  const TypeId alpha = type("ALPHA");
  for (int round = 0; round < 3; ++round) {
    const TaskId task_id = ended(alpha, TaskStatus::completed);
    pass(24h * 8);
    EXPECT_EQ(prune({.limit = 10}), 1);
    EXPECT_FALSE(exists(task_id));
  }
}

TEST_P(Prune, does_not_bring_a_task_back_by_the_lease_that_held_it) {
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> ids = add_many(alpha, 2);
  const std::vector<Claim> claims = claim({alpha});
  finish(completed(claims[0], now()));
  pass(24h * 8);
  EXPECT_EQ(prune({.limit = 10}), 1);
  const auto taken = take_expired();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].claim.fence.task_id, ids[1]);
  EXPECT_EQ(finish(expired(taken[0].claim, now())), FinishStatus::applied);
  EXPECT_TRUE(take_expired().empty());
}

INSTANTIATE_TEST_SUITE_P(Stores, Prune, testing::ValuesIn(every_store()), store_name);

}  // namespace
}  // namespace esteira::test
