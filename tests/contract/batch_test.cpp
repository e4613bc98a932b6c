// Batches: tasks that are counted together, a task that runs when all have ended, and what is done
// to all of them at once.
#include <barrier>
#include <thread>

#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

class Batches : public Contract {
 protected:
  NewTaskRow member_row(TypeId type_id, std::vector<TaskId> parents = {}) {
    auto row = new_task_row(type_id);
    row.terms.batch_id = "night";
    row.terms.depends_on = std::move(parents);
    return row;
  }
  NewTaskRow finish_row(TypeId type_id) {
    auto row = new_task_row(type_id);
    row.terms.dependency_rule = DependencyRule::ended;
    return row;
  }
  TaskBatch batch() {
    while (must(repository().work_dependencies(now()))) continue;
    return must(repository().batch("night")).value();
  }
  std::vector<std::int64_t> counts() {
    const TaskBatch stands = batch();
    return {stands.pending, stands.completed, stands.failed, stands.cancelled};
  }
  void close() { ASSERT_TRUE(must(repository().close_batch("night", now()))); }
  // Claims all of the type that are due and ends each.
  std::size_t run(TypeId type_id, TaskStatus as) {
    std::vector<Settlement> settlements;
    for (const Claim& one : claim({type_id})) {
      settlements.push_back(as == TaskStatus::completed ? completed(one, now())
                                                        : failed_for_good(one, now()));
    }
    if (!settlements.empty()) finish(settlements);
    return settlements.size();
  }
};

TEST_P(Batches, a_batch_counts_its_tasks_as_they_end) {
  const TypeId alpha = type("ALPHA");
  const TypeId beta = type("BETA");
  add(member_row(alpha));
  add(member_row(beta));
  const TaskId third = add(member_row(beta));
  add(new_task_row(alpha));
  EXPECT_EQ(task(third).batch_id, "night");
  EXPECT_EQ(counts(), (std::vector<std::int64_t>{3, 0, 0, 0}));
  run(alpha, TaskStatus::completed);
  ASSERT_EQ(cancel(third), ChangeStatus::applied);
  EXPECT_EQ(counts(), (std::vector<std::int64_t>{1, 1, 0, 1}));
  run(beta, TaskStatus::failed);
  EXPECT_EQ(counts(), (std::vector<std::int64_t>{0, 1, 1, 1}));
  EXPECT_FALSE(batch().finished_at);
}

TEST_P(Batches, a_retry_counts_as_open_and_a_removal_as_it_ended) {
  const TypeId alpha = type("ALPHA");
  const TaskId failed = add(member_row(alpha));
  run(alpha, TaskStatus::failed);
  EXPECT_EQ(counts(), (std::vector<std::int64_t>{0, 0, 1, 0}));
  ASSERT_EQ(retry(failed), ChangeStatus::applied);
  EXPECT_EQ(counts(), (std::vector<std::int64_t>{1, 0, 0, 0}));
  const TaskId waiting = add(member_row(alpha));
  ASSERT_EQ(remove(waiting), ChangeStatus::applied);
  EXPECT_EQ(counts(), (std::vector<std::int64_t>{1, 0, 0, 1}));
  run(alpha, TaskStatus::completed);
  ASSERT_EQ(remove(failed), ChangeStatus::applied);
  EXPECT_EQ(counts(), (std::vector<std::int64_t>{0, 1, 0, 1}));
}

TEST_P(Batches, a_batch_finishes_when_it_is_closed_and_all_have_ended) {
  const TypeId alpha = type("ALPHA");
  add(member_row(alpha));
  run(alpha, TaskStatus::completed);
  EXPECT_FALSE(batch().finished_at);
  pass(1min);
  close();
  EXPECT_EQ(batch().finished_at, now());
  const auto late = member_row(alpha);
  const auto inserted = repository().insert(std::span{&late, 1}, now());
  ASSERT_FALSE(inserted);
  EXPECT_EQ(inserted.error().code, ErrorCode::conflict);
  EXPECT_EQ(inserted.error().fields.front().pointer, "/0/batch_id");
}

TEST_P(Batches, the_finish_task_runs_once_after_all_others) {
  const TypeId alpha = type("ALPHA");
  const TypeId omega = type("OMEGA");
  const TaskBatch made = must(repository().create_batch("night", finish_row(omega), now()));
  ASSERT_TRUE(made.finish_task_id);
  EXPECT_EQ(status(*made.finish_task_id), TaskStatus::pending);
  for (int i = 0; i < 3; ++i) add(member_row(alpha));
  EXPECT_EQ(run(alpha, TaskStatus::failed), 3U);
  EXPECT_EQ(run(omega, TaskStatus::completed), 0U);
  close();
  EXPECT_TRUE(batch().finished_at);
  EXPECT_EQ(run(omega, TaskStatus::completed), 1U);
  close();
  batch();
  EXPECT_EQ(run(omega, TaskStatus::completed), 0U);
  EXPECT_EQ(status(*made.finish_task_id), TaskStatus::completed);
}

TEST_P(Batches, a_strict_finish_task_is_cancelled_where_a_task_failed) {
  const TypeId alpha = type("ALPHA");
  const TaskBatch made =
      must(repository().create_batch("night", new_task_row(type("OMEGA")), now()));
  add(member_row(alpha));
  run(alpha, TaskStatus::failed);
  close();
  batch();
  EXPECT_EQ(status(*made.finish_task_id), TaskStatus::cancelled);
}

TEST_P(Batches, an_empty_batch_finishes_when_it_is_closed) {
  const TypeId omega = type("OMEGA");
  must(repository().create_batch("night", finish_row(omega), now()));
  close();
  EXPECT_EQ(batch().finished_at, now());
  EXPECT_EQ(run(omega, TaskStatus::completed), 1U);
}

TEST_P(Batches, there_is_one_batch_of_a_name) {
  must(repository().create_batch("night", std::nullopt, now()));
  EXPECT_EQ(error_of(repository().create_batch("night", std::nullopt, now())).code,
            ErrorCode::conflict);
  EXPECT_FALSE(must(repository().batch("day")));
  EXPECT_FALSE(must(repository().close_batch("day", now())));
  EXPECT_FALSE(must(repository().cancel_batch("day", now())));
  EXPECT_FALSE(must(repository().retry_batch("day", now())));
}

TEST_P(Batches, the_tasks_of_a_batch_are_listed) {
  const TypeId alpha = type("ALPHA");
  const TaskId first = add(member_row(alpha));
  add(new_task_row(alpha));
  const TaskId second = add(member_row(alpha));
  const auto all = must(repository().tasks({.batch_id = "night"}, now()));
  EXPECT_EQ(ids_of(all), (std::vector{second, first}));
  const auto page = must(repository().tasks({.batch_id = "night", .before_id = second}, now()));
  EXPECT_EQ(ids_of(page), std::vector{first});
  EXPECT_TRUE(must(repository().tasks({.batch_id = "day"}, now())).empty());
}

TEST_P(Batches, a_cancel_ends_what_waits_asks_what_runs_and_lets_nothing_join) {
  const TypeId alpha = type("ALPHA");
  const TypeId omega = type("OMEGA");
  const TaskBatch made = must(repository().create_batch("night", finish_row(omega), now()));
  add(member_row(alpha));
  const Claim running = claim_one(alpha);
  const TaskId waiting = add(member_row(alpha));
  const TaskId child = add(member_row(alpha, {waiting}));
  const auto change = must(repository().cancel_batch("night", now())).value();
  EXPECT_EQ(change.requested, 1);
  EXPECT_FALSE(change.more);
  batch();
  for (const TaskId task_id : {*made.finish_task_id, waiting, child}) {
    EXPECT_EQ(status(task_id), TaskStatus::cancelled);
  }
  EXPECT_TRUE(batch().closed_at);
  EXPECT_FALSE(batch().finished_at);
  finish(completed(running, now()));
  EXPECT_EQ(counts(), (std::vector<std::int64_t>{0, 1, 0, 2}));
  EXPECT_TRUE(batch().finished_at);
  EXPECT_EQ(run(omega, TaskStatus::completed), 0U);
}

TEST_P(Batches, a_retry_runs_what_failed_and_all_that_hung_on_it_in_their_order) {
  const TypeId alpha = type("ALPHA");
  const TypeId omega = type("OMEGA");
  const TaskBatch made = must(repository().create_batch("night", finish_row(omega), now()));
  const TaskId done = add(member_row(alpha));
  run(alpha, TaskStatus::completed);
  std::vector rows{member_row(alpha), member_row(alpha), member_row(alpha)};
  // The last is the first of the chain, and the first its end.
  rows[0].parents = {1};
  rows[1].parents = {2};
  rows[2].terms.depends_on = {done};
  const auto ids = add(rows);
  run(alpha, TaskStatus::failed);
  close();
  EXPECT_EQ(counts(), (std::vector<std::int64_t>{0, 1, 1, 2}));
  EXPECT_EQ(run(omega, TaskStatus::completed), 1U);

  const auto change = must(repository().retry_batch("night", now())).value();
  EXPECT_EQ(change.applied, 3);
  EXPECT_EQ(counts(), (std::vector<std::int64_t>{3, 1, 0, 0}));
  EXPECT_FALSE(batch().finished_at);
  EXPECT_EQ(run(omega, TaskStatus::completed), 0U);
  for (const std::size_t next : {2U, 1U, 0U}) {
    const auto claims = claim({alpha});
    ASSERT_EQ(ids_of(claims), std::vector{ids[next]});
    finish(completed(claims.front(), now()));
    batch();
  }
  EXPECT_EQ(counts(), (std::vector<std::int64_t>{0, 4, 0, 0}));
  EXPECT_TRUE(batch().finished_at);
  EXPECT_EQ(run(omega, TaskStatus::completed), 1U);
  EXPECT_EQ(executions(*made.finish_task_id).size(), 2U);
}

TEST_P(Batches, a_retry_of_a_batch_where_all_went_well_changes_nothing) {
  const TypeId alpha = type("ALPHA");
  const TypeId omega = type("OMEGA");
  must(repository().create_batch("night", finish_row(omega), now()));
  add(member_row(alpha));
  run(alpha, TaskStatus::completed);
  close();
  batch();
  EXPECT_EQ(run(omega, TaskStatus::completed), 1U);
  EXPECT_EQ(must(repository().retry_batch("night", now())).value().applied, 0);
  batch();
  EXPECT_EQ(run(omega, TaskStatus::completed), 0U);
  EXPECT_TRUE(batch().finished_at);
}

TEST_P(Batches, a_batch_is_forgotten_long_after_its_end) {
  const TypeId alpha = type("ALPHA");
  add(member_row(alpha));
  run(alpha, TaskStatus::completed);
  close();
  pass(limits::batch_kept - 1h);
  must(repository().maintain(now()));
  EXPECT_TRUE(batch().finished_at);
  pass(2h);
  must(repository().maintain(now()));
  must(repository().maintain(now()));
  EXPECT_FALSE(must(repository().batch("night")));
}

TEST_P(Batches, tasks_that_end_in_two_processes_are_each_counted_and_the_batch_finishes_once) {
  const TypeId alpha = type("ALPHA");
  const TypeId omega = type("OMEGA");
  const auto second = another();
  must(repository().create_batch("night", finish_row(omega), now()));
  const std::vector rows(200, member_row(alpha));
  add(rows);
  close();
  const auto claims = claim({alpha});
  ASSERT_EQ(claims.size(), 200U);
  run_together(2, [&](int half) {
    TaskRepository& mine = half == 0 ? repository() : *second;
    for (std::size_t i = static_cast<std::size_t>(half); i < claims.size(); i += 2) {
      const Settlement settlement = completed(claims[i], now());
      TickRequest request;
      request.worker = worker_name;
      request.settlements = std::span{&settlement, 1};
      must(mine.tick(request, now()));
    }
  });
  EXPECT_EQ(counts(), (std::vector<std::int64_t>{0, 200, 0, 0}));
  EXPECT_EQ(run(omega, TaskStatus::completed), 1U);
  batch();
  EXPECT_EQ(run(omega, TaskStatus::completed), 0U);
}

INSTANTIATE_TEST_SUITE_P(Stores, Batches, testing::ValuesIn(every_store()), store_name);

}  // namespace
}  // namespace esteira::test
