// Tasks that depend on others: a child runs only after its rule holds, a join fires once.
#include <algorithm>
#include <barrier>
#include <thread>

#include <gtest/gtest.h>

#include "contract/contract.hpp"
#include "domain/dependencies.hpp"

namespace esteira::test {
namespace {

class Dependencies : public Contract {
 protected:
  NewTaskRow child_row(TypeId type_id, std::vector<TaskId> parents) {
    auto row = new_task_row(type_id);
    row.terms.depends_on = std::move(parents);
    return row;
  }
  NewTaskRow tolerant_row(TypeId type_id, std::vector<TaskId> parents) {
    auto row = child_row(type_id, std::move(parents));
    row.terms.dependency_rule = DependencyRule::ended;
    return row;
  }
  // Claims the task, which must be ready, and ends it.
  void end(TypeId type_id, TaskId task_id, TaskStatus as) {
    if (as == TaskStatus::cancelled) {
      ASSERT_EQ(cancel(task_id), ChangeStatus::applied);
      return;
    }
    const auto claims = claim({type_id});
    std::vector<Settlement> settlements;
    for (const auto& one : claims) {
      const bool wanted = one.fence.task_id == task_id;
      if (!wanted) settlements.push_back(interrupted(one, now()));
      if (wanted && as == TaskStatus::completed) settlements.push_back(completed(one, now()));
      if (wanted && as == TaskStatus::failed) settlements.push_back(failed_for_good(one, now()));
    }
    finish(settlements);
    ASSERT_EQ(status(task_id), as);
  }
  bool may_be_claimed(TypeId type_id, TaskId task_id) {
    const auto claims = claim({type_id});
    std::vector<Settlement> settlements;
    for (const auto& one : claims) settlements.push_back(interrupted(one, now()));
    if (!settlements.empty()) finish(settlements);
    const auto ids = ids_of(claims);
    return std::ranges::find(ids, task_id) != ids.end();
  }
  // Whether somebody else can look into the store.
  [[nodiscard]] static bool shared() { return GetParam().name != "sqlite_memory"; }
  std::int64_t rows_of(const std::string& table) {
    return std::stoll(store().query("SELECT count(*) FROM " + table).at(0).at(0).value());
  }
  void work_dependencies() {
    while (must(repository().work_dependencies(now()))) continue;
  }
};

TEST_P(Dependencies, a_child_waits_until_its_parent_completes) {
  const TypeId alpha = type("ALPHA");
  const TaskId parent = add(new_task_row(alpha));
  const TaskId child = add(child_row(alpha, {parent}));
  EXPECT_EQ(status(child), TaskStatus::pending);
  EXPECT_EQ(task(child).depends_on, std::vector<TaskId>{parent});
  EXPECT_FALSE(may_be_claimed(alpha, child));
  end(alpha, parent, TaskStatus::completed);
  EXPECT_EQ(status(child), TaskStatus::pending);
  EXPECT_TRUE(may_be_claimed(alpha, child));
}

TEST_P(Dependencies, the_end_of_a_parent_lets_its_child_be_claimed_by_the_next_tick) {
  const TypeId alpha = type("ALPHA");
  const TaskId parent = add(new_task_row(alpha));
  const TaskId child = add(child_row(alpha, {parent}));
  const Claim claimed = claim_one(alpha);
  ASSERT_EQ(claimed.fence.task_id, parent);
  const Settlement settlement = completed(claimed, now());
  TickRequest request;
  request.worker = worker_name;
  request.settlements = std::span{&settlement, 1};
  EXPECT_EQ(tick(request).settlements, std::vector{FinishStatus::applied});
  EXPECT_EQ(claim_one(alpha).fence.task_id, child);
}

TEST_P(Dependencies, every_rule_meets_every_end) {
  const TypeId alpha = type("ALPHA");
  using enum TaskStatus;
  for (const TaskStatus parents_end : {completed, failed, cancelled}) {
    for (const auto rule : {DependencyRule::completed, DependencyRule::ended}) {
      for (const auto failure : {ParentFailure::cancel, ParentFailure::run}) {
        // Before the child is created, and after it.
        for (const bool ends_first : {false, true}) {
          const TaskId parent = add(new_task_row(alpha));
          if (ends_first) end(alpha, parent, parents_end);
          auto row = child_row(alpha, {parent});
          row.terms.dependency_rule = rule;
          row.terms.on_parent_failure = failure;
          const TaskId child = add(row);
          if (!ends_first) end(alpha, parent, parents_end);
          const bool dies = parents_end != completed && rule == DependencyRule::completed &&
                            failure == ParentFailure::cancel;
          EXPECT_EQ(status(child), dies ? cancelled : pending);
          EXPECT_EQ(may_be_claimed(alpha, child), !dies);
          if (dies) {
            EXPECT_EQ(task(child).error_message, parent_failed().reason);
            EXPECT_EQ(executions(child).size(), 1U);
            EXPECT_EQ(task(child).attempt, 1);
          } else {
            ASSERT_EQ(cancel(child), ChangeStatus::applied);
          }
        }
      }
    }
  }
}

TEST_P(Dependencies, a_join_waits_for_the_last_of_its_parents) {
  const TypeId alpha = type("ALPHA");
  const TypeId beta = type("BETA");
  const auto parents = add_many(alpha, 5);
  const TaskId child = add(child_row(beta, parents));
  for (const TaskId parent : parents) {
    EXPECT_FALSE(may_be_claimed(beta, child));
    end(alpha, parent, TaskStatus::completed);
  }
  EXPECT_TRUE(may_be_claimed(beta, child));
  finish(completed(claim_one(beta), now()));
  EXPECT_FALSE(may_be_claimed(beta, child));
  EXPECT_EQ(status(child), TaskStatus::completed);
}

TEST_P(Dependencies, a_failure_that_is_tried_again_ends_no_parent) {
  const TypeId alpha = type("ALPHA");
  const TypeId beta = type("BETA");
  const TaskId parent = add(new_task_row(alpha));
  const TaskId child = add(child_row(beta, {parent}));
  finish(failed(claim_one(alpha), now()));
  EXPECT_EQ(status(child), TaskStatus::pending);
  EXPECT_FALSE(may_be_claimed(beta, child));
  pass(1h);
  finish(completed(claim_one(alpha), now()));
  EXPECT_TRUE(may_be_claimed(beta, child));
}

TEST_P(Dependencies, a_refused_settlement_releases_nobody) {
  const TypeId alpha = type("ALPHA");
  const TypeId beta = type("BETA");
  const TaskId parent = add(new_task_row(alpha));
  const TaskId child = add(child_row(beta, {parent}));
  const Claim old = claim_one(alpha);
  pass(lease_length + 1s);
  const auto taken = take_expired();
  ASSERT_EQ(taken.size(), 1U);
  finish(expired(taken.front().claim, now()));
  EXPECT_EQ(finish(completed(old, now())), FinishStatus::stale);
  EXPECT_FALSE(may_be_claimed(beta, child));
  EXPECT_EQ(status(parent), TaskStatus::pending);
}

TEST_P(Dependencies, a_parent_that_kills_its_workers_fails_its_child) {
  const TypeId alpha = type("ALPHA");
  const TaskId parent = add(new_task_row(alpha));
  const TaskId child = add(child_row(alpha, {parent}));
  for (int crash = 0; crash < 3; ++crash) {
    ASSERT_EQ(claim({alpha}).size(), 1U);
    pass(lease_length + 1s);
    for (const auto& taken : take_expired()) finish(expired(taken.claim, now()));
  }
  EXPECT_EQ(status(parent), TaskStatus::failed);
  EXPECT_EQ(status(child), TaskStatus::cancelled);
}

TEST_P(Dependencies, a_waiting_parent_that_is_removed_counts_as_cancelled) {
  const TypeId alpha = type("ALPHA");
  const TaskId parent = add(new_task_row(alpha));
  const TaskId strict = add(child_row(alpha, {parent}));
  const TaskId tolerant = add(tolerant_row(alpha, {parent}));
  EXPECT_EQ(remove(parent), ChangeStatus::applied);
  EXPECT_EQ(status(strict), TaskStatus::cancelled);
  EXPECT_TRUE(may_be_claimed(alpha, tolerant));
}

TEST_P(Dependencies, a_completed_parent_that_is_removed_or_pruned_stays_completed) {
  const TypeId alpha = type("ALPHA");
  const TypeId beta = type("BETA");
  const auto parents = add_many(alpha, 3);
  const TaskId child = add(child_row(beta, parents));
  end(alpha, parents[0], TaskStatus::completed);
  EXPECT_EQ(remove(parents[0]), ChangeStatus::applied);
  end(alpha, parents[1], TaskStatus::completed);
  pass(1h);
  EXPECT_EQ(must(repository().prune({.completed_older = 1s, .limit = 100}, now())), 1);
  EXPECT_FALSE(may_be_claimed(beta, child));
  end(alpha, parents[2], TaskStatus::completed);
  EXPECT_TRUE(may_be_claimed(beta, child));
}

TEST_P(Dependencies, an_unknown_parent_is_refused_by_its_place_and_nothing_is_kept) {
  const TypeId alpha = type("ALPHA");
  const TaskId parent = add(new_task_row(alpha));
  const std::vector rows{new_task_row(alpha), child_row(alpha, {parent, 987654})};
  const auto inserted = repository().insert(rows, now());
  ASSERT_FALSE(inserted);
  EXPECT_EQ(inserted.error().code, ErrorCode::invalid_argument);
  ASSERT_EQ(inserted.error().fields.size(), 1U);
  EXPECT_EQ(inserted.error().fields.front().pointer, "/1/depends_on/1");
  EXPECT_EQ(must(repository().tasks({}, now())).size(), 1U);
}

TEST_P(Dependencies, tasks_of_one_insert_may_depend_on_each_other_in_any_order) {
  const TypeId alpha = type("ALPHA");
  std::vector rows{new_task_row(alpha), new_task_row(alpha), new_task_row(alpha)};
  rows[0].parents = {2, 1};
  rows[1].parents = {2};
  const auto ids = add(rows);
  EXPECT_EQ(task(ids[0]).depends_on, (std::vector{ids[2], ids[1]}));
  for (const std::size_t next : {2U, 1U, 0U}) {
    const auto claims = claim({alpha});
    ASSERT_EQ(ids_of(claims), std::vector{ids[next]});
    finish(completed(claims.front(), now()));
  }
}

TEST_P(Dependencies, a_parent_that_an_idempotency_key_answers_is_the_earlier_task) {
  const TypeId alpha = type("ALPHA");
  auto keyed = new_task_row(alpha);
  keyed.idempotency_key = "order-7";
  keyed.idempotency_hash = "h";
  const TaskId first = add(keyed);
  end(alpha, first, TaskStatus::completed);
  std::vector rows{keyed, new_task_row(alpha)};
  rows[1].parents = {0};
  const auto ids = add(rows);
  EXPECT_EQ(ids[0], first);
  EXPECT_TRUE(may_be_claimed(alpha, ids[1]));
  EXPECT_EQ(task(ids[1]).depends_on, std::vector{first});
}

TEST_P(Dependencies, a_child_of_the_future_is_scheduled_when_it_is_released) {
  const TypeId alpha = type("ALPHA");
  const TaskId parent = add(new_task_row(alpha));
  auto row = child_row(alpha, {parent});
  row.scheduled_for = now() + 1h;
  const TaskId child = add(row);
  end(alpha, parent, TaskStatus::completed);
  EXPECT_FALSE(may_be_claimed(alpha, child));
  pass(1h);
  EXPECT_TRUE(may_be_claimed(alpha, child));
}

TEST_P(Dependencies, a_released_child_stands_behind_those_that_waited_before) {
  const TypeId alpha = type("ALPHA");
  const TaskId parent = add(new_task_row(alpha));
  const TaskId child = add(child_row(alpha, {parent}));
  pass(1min);
  const TaskId other = add(new_task_row(alpha));
  pass(1min);
  end(alpha, parent, TaskStatus::completed);
  const auto claims = claim({alpha});
  ASSERT_EQ(ids_of(claims), (std::vector{other, child}));
  EXPECT_EQ(claims[1].run_at, now());
}

TEST_P(Dependencies, a_child_may_be_edited_cancelled_and_removed_while_it_waits) {
  const TypeId alpha = type("ALPHA");
  const TypeId beta = type("BETA");
  const TaskId parent = add(new_task_row(alpha));
  const TaskId edited = add(child_row(beta, {parent}));
  const TaskId cancelled = add(child_row(beta, {parent}));
  const TaskId removed = add(child_row(beta, {parent}));
  EXPECT_EQ(edit(edited, {.payload = R"({"n":1})", .priority = 7}), ChangeStatus::applied);
  EXPECT_EQ(edit(edited, {.reschedules = true}), ChangeStatus::applied);
  EXPECT_EQ(cancel(cancelled), ChangeStatus::applied);
  EXPECT_EQ(remove(removed), ChangeStatus::applied);
  EXPECT_FALSE(may_be_claimed(beta, edited));
  end(alpha, parent, TaskStatus::completed);
  const auto claims = claim({beta});
  ASSERT_EQ(ids_of(claims), std::vector{edited});
  EXPECT_EQ(claims.front().priority, 7);
  EXPECT_EQ(status(cancelled), TaskStatus::cancelled);
}

TEST_P(Dependencies, those_that_wait_for_others_are_listed_and_counted_as_pending) {
  const TypeId alpha = type("ALPHA");
  const TaskId parent = add(new_task_row(alpha));
  const TaskId child = add(child_row(alpha, {parent}));
  const auto found = must(repository().tasks({.status = TaskStatus::pending}, now()));
  EXPECT_EQ(ids_of(found), (std::vector{child, parent}));
  const Stats stats = must(repository().stats(now()));
  const auto of = std::ranges::find(stats.types, std::string("ALPHA"), &TypeStats::type);
  ASSERT_NE(of, stats.types.end());
  EXPECT_EQ(of->pending, 2);
  EXPECT_EQ(of->ready, 1);
  EXPECT_EQ(stats.by_status[static_cast<std::size_t>(TaskStatus::pending)], 2);
}

TEST_P(Dependencies, a_persons_retry_waits_for_parents_that_have_not_ended) {
  const TypeId alpha = type("ALPHA");
  const TypeId beta = type("BETA");
  const TaskId parent = add(new_task_row(alpha));
  const TaskId child = add(child_row(beta, {parent}));
  end(alpha, parent, TaskStatus::failed);
  ASSERT_EQ(status(child), TaskStatus::cancelled);
  EXPECT_EQ(retry(parent), ChangeStatus::applied);
  EXPECT_EQ(retry(child), ChangeStatus::applied);
  EXPECT_EQ(status(child), TaskStatus::pending);
  EXPECT_FALSE(may_be_claimed(beta, child));
  end(alpha, parent, TaskStatus::completed);
  EXPECT_TRUE(may_be_claimed(beta, child));
}

TEST_P(Dependencies, a_failure_reaches_ten_thousand_descendants_in_bounded_transactions) {
  const TypeId alpha = type("ALPHA");
  // A tree: each task hangs on the one at a third of its place.
  std::vector<NewTaskRow> rows(10'000, new_task_row(alpha));
  for (std::size_t i = 1; i < rows.size(); ++i) rows[i].parents = {i / 3};
  const auto ids = add(rows);
  finish(failed_for_good(claim_one(alpha), now()));
  const Stats before = must(repository().stats(now()));
  const auto cancelled = static_cast<std::size_t>(TaskStatus::cancelled);
  // The first transactions did a part of it.
  EXPECT_GT(before.by_status[cancelled], 0);
  EXPECT_LT(before.by_status[cancelled], 9'999);
  work_dependencies();
  const Stats after = must(repository().stats(now()));
  EXPECT_EQ(after.by_status[cancelled], 9'999);
  EXPECT_EQ(after.by_status[static_cast<std::size_t>(TaskStatus::pending)], 0);
  EXPECT_EQ(task(ids.back()).attempt, 1);
  if (shared()) {
    EXPECT_EQ(rows_of("task_dependencies"), 0);
  }
}

TEST_P(Dependencies, an_end_that_only_the_deleted_wait_for_is_told_of_once) {
  if (!shared()) GTEST_SKIP() << "nobody else can leave a row behind";
  const TypeId alpha = type("ALPHA");
  const TaskId parent = add(new_task_row(alpha));
  const TaskId child = add(child_row(alpha, {parent}));
  store().query("INSERT INTO task_dependencies (parent_id, child_id) VALUES (" +
                std::to_string(parent) + ", 987654321)");
  end(alpha, parent, TaskStatus::completed);
  work_dependencies();
  EXPECT_EQ(rows_of("task_dependencies"), 0);
  EXPECT_EQ(rows_of("task_ends"), 0);
  EXPECT_TRUE(may_be_claimed(alpha, child));
}

TEST_P(Dependencies, a_long_chain_runs_from_its_head_to_its_end) {
  const TypeId alpha = type("ALPHA");
  std::vector<NewTaskRow> rows(50, new_task_row(alpha));
  for (std::size_t i = 0; i + 1 < rows.size(); ++i) rows[i].parents = {i + 1};
  const auto ids = add(rows);
  for (std::size_t i = rows.size(); i > 0; --i) {
    const auto claims = claim({alpha});
    ASSERT_EQ(ids_of(claims), std::vector{ids[i - 1]});
    finish(completed(claims.front(), now()));
  }
  EXPECT_TRUE(claim({alpha}).empty());
}

TEST_P(Dependencies, a_child_of_somebody_elses_transaction_waits_once_that_is_committed) {
  if (!shared()) GTEST_SKIP() << "nobody else is there";
  const TypeId alpha = type("ALPHA");
  const TaskId parent = add(new_task_row(alpha));
  const auto row = child_row(alpha, {parent});
  auto other = store().begin();
  const auto made =
      must(repository().insert_within(other->connection(), std::span{&row, 1}, now()));
  other->commit();
  EXPECT_FALSE(may_be_claimed(alpha, made.front().task_id));
  end(alpha, parent, TaskStatus::completed);
  EXPECT_TRUE(may_be_claimed(alpha, made.front().task_id));
}

TEST_P(Dependencies, parents_that_end_at_once_in_two_processes_release_their_child_once) {
  const TypeId alpha = type("ALPHA");
  const TypeId beta = type("BETA");
  const auto second = another();
  for (int round = 0; round < 50; ++round) {
    const auto parents = add_many(alpha, 2);
    const TaskId child = add(child_row(beta, parents));
    const auto claims = claim({alpha});
    ASSERT_EQ(claims.size(), 2U);
    std::barrier ready(2);
    const auto finish_one = [&](TaskRepository& repository, const Claim& claim) {
      const Settlement settlement = completed(claim, now());
      TickRequest request;
      request.worker = worker_name;
      request.settlements = std::span{&settlement, 1};
      ready.arrive_and_wait();
      must(repository.tick(request, now()));
    };
    std::jthread other([&] { finish_one(*second, claims[1]); });
    finish_one(repository(), claims[0]);
    other.join();
    work_dependencies();
    const auto freed = claim({beta});
    ASSERT_EQ(ids_of(freed), std::vector{child});
    finish(completed(freed.front(), now()));
  }
}

TEST_P(Dependencies, a_child_that_comes_while_its_parent_ends_is_never_forgotten) {
  const TypeId alpha = type("ALPHA");
  const TypeId beta = type("BETA");
  const auto second = another();
  std::vector<TaskId> children;
  for (int round = 0; round < 100; ++round) {
    const TaskId parent = add(new_task_row(alpha));
    const Claim claimed = claim_one(alpha);
    std::barrier ready(2);
    std::jthread other([&] {
      const auto row = child_row(beta, {parent});
      ready.arrive_and_wait();
      children.push_back(must(second->insert(std::span{&row, 1}, now())).front().task_id);
    });
    ready.arrive_and_wait();
    finish(completed(claimed, now()));
    other.join();
  }
  work_dependencies();
  if (shared()) {
    EXPECT_EQ(rows_of("task_dependencies"), 0);
  }
  std::vector<TaskId> freed;
  for (int i = 0; i < 3; ++i) {
    for (const Claim& one : claim({beta})) freed.push_back(one.fence.task_id);
    pass(2s);
  }
  std::ranges::sort(freed);
  EXPECT_EQ(freed, children);
}

INSTANTIATE_TEST_SUITE_P(Stores, Dependencies, testing::ValuesIn(every_store()), store_name);

}  // namespace
}  // namespace esteira::test
