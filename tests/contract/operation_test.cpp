// Operations: one change of many tasks, in batches that are done once, whoever does them.
#include <algorithm>
#include <atomic>

#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

constexpr int batch = static_cast<int>(limits::operation_batch_tasks);

class Operations : public Contract {
 protected:
  Operation start(BulkAction action, const OperationFilter& filter) {
    return must(repository().start_operation(action, filter, now()));
  }
  std::optional<Operation> work(std::optional<OperationId> only = std::nullopt) {
    return must(repository().work_operation(only, now()));
  }
  // Until no operation runs.
  void work_all() {
    while (work()) continue;
  }
  Operation operation(OperationId operation_id) {
    return must(repository().operation(operation_id)).value();
  }
  Operation done(BulkAction action, const OperationFilter& filter) {
    const Operation started = start(action, filter);
    work_all();
    return operation(started.operation_id);
  }
  std::int64_t count(TaskStatus status) {
    return must(repository().stats(now())).by_status[static_cast<std::size_t>(status)];
  }
};

TEST_P(Operations, one_is_noted_with_what_it_found_and_nothing_is_done_yet) {
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> ids = add_many(alpha, 3);
  const OperationFilter filter{.status = TaskStatus::pending,
                               .type = "ALPHA",
                               .created_after = now(),
                               .created_before = now() + 1s};
  const Operation started = start(BulkAction::cancel, filter);
  EXPECT_EQ(started.matched, 3);
  for (const Operation& seen : {started, operation(started.operation_id)}) {
    EXPECT_EQ(seen.action, BulkAction::cancel);
    EXPECT_EQ(seen.filter, filter);
    EXPECT_EQ(seen.status, OperationStatus::running);
    EXPECT_EQ(seen.matched, 3);
    EXPECT_EQ(seen.done, 0);
    EXPECT_EQ(seen.created_at, now());
    EXPECT_FALSE(seen.completed_at);
  }
  EXPECT_EQ(status(ids[0]), TaskStatus::pending);
  EXPECT_FALSE(must(repository().operation(started.operation_id + 1)));
}

TEST_P(Operations, batches_are_done_one_at_a_time_oldest_tasks_first) {
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> ids = add_many(alpha, 2 * batch + 1);
  const Operation started = start(BulkAction::cancel, {.type = "ALPHA"});
  ASSERT_EQ(started.matched, 2 * batch + 1);
  pass(1s);
  Operation seen = work().value();
  EXPECT_EQ(seen.done, batch);
  EXPECT_EQ(seen.status, OperationStatus::running);
  EXPECT_EQ(seen.updated_at, now());
  EXPECT_EQ(status(ids[static_cast<std::size_t>(batch) - 1]), TaskStatus::cancelled);
  EXPECT_EQ(status(ids[static_cast<std::size_t>(batch)]), TaskStatus::pending);
  EXPECT_EQ(work().value().done, 2 * batch);
  pass(1s);
  seen = work().value();
  EXPECT_EQ(seen.status, OperationStatus::completed);
  EXPECT_EQ(seen.done, seen.matched);
  EXPECT_EQ(seen.applied, seen.matched);
  EXPECT_EQ(seen.skipped, 0);
  EXPECT_EQ(seen.completed_at, now());
  EXPECT_FALSE(work());
  EXPECT_EQ(count(TaskStatus::cancelled), 2 * batch + 1);
  EXPECT_EQ(count(TaskStatus::pending), 0);
}

TEST_P(Operations, another_process_goes_on_where_one_ended) {
  add_many(type("ALPHA"), 3 * batch);
  const Operation started = start(BulkAction::cancel, {});
  {
    const auto first = another();
    EXPECT_EQ(must(first->work_operation(std::nullopt, now())).value().done, batch);
  }
  const auto second = another();
  EXPECT_EQ(must(second->work_operation(std::nullopt, now())).value().done, 2 * batch);
  EXPECT_EQ(work().value().done, 3 * batch);
  const Operation ended = operation(started.operation_id);
  EXPECT_EQ(ended.status, OperationStatus::completed);
  EXPECT_EQ(ended.applied, 3 * batch);
}

TEST_P(Operations, of_many_workers_each_batch_is_one_ones) {
  constexpr int batches = 12;
  const std::vector<TaskId> ids = add_many(type("ALPHA"), batches * batch);
  std::vector<OperationId> started;
  started.push_back(start(BulkAction::cancel, {}).operation_id);
  started.push_back(start(BulkAction::retry, {.status = TaskStatus::pending}).operation_id);
  std::atomic<int> worked = 0;
  run_together(3, [&](int) {
    const auto mine = another();
    // Nothing to do just now may mean that the others have it.
    for (bool open = true; open;) {
      while (must(mine->work_operation(std::nullopt, now()))) ++worked;
      open = std::ranges::any_of(started, [&](OperationId id) {
        return must(mine->operation(id))->status == OperationStatus::running;
      });
    }
  });
  EXPECT_EQ(worked, 2 * batches);
  const Operation cancelled = operation(started[0]);
  EXPECT_EQ(cancelled.done, batches * batch);
  EXPECT_EQ(cancelled.applied, batches * batch);
  EXPECT_EQ(operation(started[1]).skipped, batches * batch) << "none of them was PENDING then";
  EXPECT_EQ(count(TaskStatus::cancelled), batches * batch);
  for (const TaskId task_id : {ids.front(), ids.back()}) {
    EXPECT_EQ(executions(task_id).size(), 1U);
  }
}

TEST_P(Operations, tasks_that_come_later_are_not_touched) {
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> before = add_many(alpha, batch + 1);
  const Operation started = start(BulkAction::remove, {.type = "ALPHA"});
  const TaskId later = add(new_task_row(alpha));
  work();
  const TaskId latest = add(new_task_row(alpha));
  work_all();
  EXPECT_EQ(operation(started.operation_id).applied, batch + 1);
  for (const TaskId task_id : before) EXPECT_FALSE(must(repository().task(task_id, now())));
  EXPECT_EQ(status(later), TaskStatus::pending);
  EXPECT_EQ(status(latest), TaskStatus::pending);
}

TEST_P(Operations, each_part_of_a_filter_chooses) {
  const TypeId alpha = type("ALPHA");
  const TypeId beta = type("BETA");
  NewTaskRow tagged = new_task_row(alpha);
  tagged.tags = {"x"};
  const TaskId first = add(tagged);
  pass(1min);
  add(new_task_row(beta));
  const TaskId failed = ended(alpha, TaskStatus::failed);
  claim({beta});
  const auto matches = [&](const OperationFilter& filter) {
    return start(BulkAction::retry, filter).matched;
  };
  EXPECT_EQ(matches({}), 3);
  EXPECT_EQ(matches({.tag = "x"}), 1);
  EXPECT_EQ(matches({.type = "ALPHA"}), 2);
  EXPECT_EQ(matches({.status = TaskStatus::pending}), 1);
  EXPECT_EQ(matches({.status = TaskStatus::processing}), 1);
  EXPECT_EQ(matches({.status = TaskStatus::failed, .type = "ALPHA"}), 1);
  EXPECT_EQ(matches({.status = TaskStatus::completed}), 0);
  EXPECT_EQ(matches({.created_after = now()}), 2);
  EXPECT_EQ(matches({.created_before = now()}), 1);
  EXPECT_EQ(matches({.type = "NOBODY"}), 0);
  work_all();
  EXPECT_EQ(status(failed), TaskStatus::pending);
  EXPECT_EQ(status(first), TaskStatus::pending);
}

TEST_P(Operations, one_that_fits_nothing_is_completed_at_once) {
  const Operation started = start(BulkAction::cancel, {.type = "NOBODY"});
  EXPECT_EQ(started.status, OperationStatus::completed);
  EXPECT_EQ(started.completed_at, now());
  EXPECT_EQ(operation(started.operation_id).status, OperationStatus::completed);
  EXPECT_FALSE(work());
}

TEST_P(Operations, what_a_status_does_not_allow_is_skipped) {
  const TypeId alpha = type("ALPHA");
  const TaskId waiting = add(new_task_row(alpha));
  const TaskId failed = ended(alpha, TaskStatus::failed);
  const TypeId beta = type("BETA");
  const TaskId running = add(new_task_row(beta));
  claim({beta});
  Operation ended = done(BulkAction::remove, {.type = "BETA"});
  EXPECT_EQ(std::pair(ended.applied, ended.skipped), std::pair(0L, 1L));
  ended = done(BulkAction::cancel, {});
  EXPECT_EQ(std::pair(ended.applied, ended.skipped), std::pair(2L, 1L));
  EXPECT_EQ(status(waiting), TaskStatus::cancelled);
  EXPECT_EQ(status(running), TaskStatus::processing);
  EXPECT_EQ(must(repository().cancel_requests()).size(), 1U);
  ended = done(BulkAction::retry, {});
  EXPECT_EQ(std::pair(ended.applied, ended.skipped), std::pair(2L, 1L));
  EXPECT_EQ(status(failed), TaskStatus::pending);
}

TEST_P(Operations, a_task_that_no_longer_has_the_status_is_left_alone) {
  const TypeId alpha = type("ALPHA");
  for (const BulkAction action : {BulkAction::cancel, BulkAction::retry, BulkAction::remove}) {
    const TaskId failed = ended(alpha, TaskStatus::failed);
    const TaskId waiting = add(new_task_row(alpha));
    const OperationId of_failed = start(action, {.status = TaskStatus::failed}).operation_id;
    const OperationId of_waiting = start(action, {.status = TaskStatus::pending}).operation_id;
    retry(failed);
    pass(2s);
    for (const Claim& claim : claim({alpha})) {
      finish(claim.fence.task_id == failed ? completed(claim, now())
                                           : failed_for_good(claim, now()));
    }
    const std::string before = everything_of(failed) + everything_of(waiting);
    work_all();
    EXPECT_EQ(operation(of_failed).skipped, 1);
    EXPECT_EQ(operation(of_waiting).skipped, 1);
    EXPECT_EQ(everything_of(failed) + everything_of(waiting), before);
    remove(failed);
    remove(waiting);
  }
}

TEST_P(Operations, a_task_that_is_gone_is_skipped) {
  const std::vector<TaskId> ids = add_many(type("ALPHA"), 2);
  const OperationId started = start(BulkAction::cancel, {}).operation_id;
  remove(ids[0]);
  work_all();
  EXPECT_EQ(operation(started).skipped, 1);
  EXPECT_EQ(operation(started).applied, 1);
}

TEST_P(Operations, a_retry_of_many_leaves_out_those_whose_key_is_held) {
  const TypeId alpha = type("ALPHA");
  NewTaskRow row = new_task_row(alpha);
  row.unique_key = "key";
  for (int i = 0; i < 2; ++i) {
    add(row);
    finish(failed_for_good(claim_one(alpha), now()));
  }
  const Operation ended = done(BulkAction::retry, {.status = TaskStatus::failed});
  EXPECT_EQ(std::pair(ended.applied, ended.skipped), std::pair(1L, 1L));
}

TEST_P(Operations, one_may_be_worked_at_alone) {
  add_many(type("ALPHA"), 2);
  const OperationId first = start(BulkAction::cancel, {}).operation_id;
  const OperationId second = start(BulkAction::retry, {}).operation_id;
  EXPECT_EQ(work(second).value().operation_id, second);
  EXPECT_FALSE(work(second));
  EXPECT_EQ(operation(first).status, OperationStatus::running);
  EXPECT_EQ(work().value().operation_id, first);
}

TEST_P(Operations, too_many_at_once_are_refused) {
  add(new_task_row(type("ALPHA")));
  for (int i = 0; i < limits::operations_running_max; ++i) start(BulkAction::retry, {});
  EXPECT_EQ(error_of(repository().start_operation(BulkAction::retry, {}, now())).code,
            ErrorCode::rate_limited);
  work();
  start(BulkAction::retry, {});
}

TEST_P(Operations, those_that_ended_a_week_ago_are_forgotten) {
  add(new_task_row(type("ALPHA")));
  const OperationId ended = done(BulkAction::cancel, {}).operation_id;
  const OperationId running = start(BulkAction::retry, {}).operation_id;
  must(repository().maintain(now() + limits::operation_kept));
  EXPECT_TRUE(must(repository().operation(ended)));
  must(repository().maintain(now() + limits::operation_kept + 1s));
  EXPECT_FALSE(must(repository().operation(ended)));
  EXPECT_EQ(operation(running).status, OperationStatus::running);
  EXPECT_GT(start(BulkAction::retry, {}).operation_id, running);
}

INSTANTIATE_TEST_SUITE_P(Stores, Operations, testing::ValuesIn(every_store()), store_name);

class SharedOperations : public Contract {};

TEST_P(SharedOperations, one_that_can_never_go_on_ends_failed_and_says_why) {
  const TaskId task_id = add(new_task_row(type("ALPHA")));
  const auto started = must(repository().start_operation(BulkAction::cancel, {}, now()));
  store().query("DELETE FROM task_operation_batches");
  const auto failed = must(repository().work_operation(std::nullopt, now())).value();
  EXPECT_EQ(failed.status, OperationStatus::failed);
  EXPECT_TRUE(failed.error_message);
  EXPECT_EQ(failed.completed_at, now());
  EXPECT_EQ(must(repository().operation(started.operation_id))->status, OperationStatus::failed);
  EXPECT_FALSE(must(repository().work_operation(std::nullopt, now())));
  EXPECT_EQ(status(task_id), TaskStatus::pending);
}

INSTANTIATE_TEST_SUITE_P(Stores, SharedOperations, testing::ValuesIn(shared_stores()), store_name);

}  // namespace
}  // namespace esteira::test
