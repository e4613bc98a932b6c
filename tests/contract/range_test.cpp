// Ranges of ids: made ahead, crossed without notice, dropped when all of it may go and not before.
#include <algorithm>
#include <array>
#include <atomic>
#include <thread>

#include <gtest/gtest.h>

#include "contract/contract.hpp"
#include "repository/archive.hpp"

namespace esteira::test {
namespace {

// The first range's end, as the migration of an empty store makes it.
constexpr TaskId first_end = limits::range_tasks;
constexpr int width = 100;

// Ranges of a hundred ids, of which the first begins with the next id. The wide one that the
// migration made is gone.
class Range : public Contract {
 protected:
  Range() {
    store().query("UPDATE meta SET value = 100 WHERE key = 'range_width'");
    alpha_ = type("ALPHA");
    go_to(first_end - 1);
    maintain();
    go_to(first_end);
    EXPECT_TRUE(drop().dropped);
    EXPECT_EQ(ranges(), 1);
  }

  void go_to(TaskId next) {
    store().query("SELECT setval('task_ids', " + std::to_string(next) + ", false)");
  }
  void maintain() { must(repository().maintain(now())); }
  std::int64_t count(const std::string& from) {
    return std::stoll(store().query("SELECT count(*) FROM " + from).at(0).at(0).value());
  }
  std::int64_t ranges() { return count("task_ranges WHERE NOT dropped"); }
  // All steps that can be done now.
  RangeStep drop(const PruneRequest& request = {}) { return drop_by(repository(), request); }
  RangeStep drop_by(TaskRepository& keeper, const PruneRequest& request = {}) {
    RangeStep all;
    for (RangeStep step{.more = true}; step.more;) {
      step = must(keeper.drop_range(request, now()));
      all.dropped |= step.dropped;
      all.tasks += step.tasks;
    }
    return all;
  }
  // As many tasks that have completed, with tags and lines of their own.
  std::vector<TaskId> completed_tasks(int tasks, bool maintained = true) {
    if (maintained) maintain();
    std::vector<NewTaskRow> rows(static_cast<std::size_t>(tasks), new_task_row(alpha_));
    for (NewTaskRow& row : rows) row.tags = {"tagged"};
    const auto ids = add(rows);
    std::vector<Settlement> settlements;
    for (const Claim& claim : claim({alpha_})) {
      note(LogNote{.fence = claim.fence, .line = 1, .at = now(), .text = "line"});
      settlements.push_back(completed(claim, now()));
    }
    finish(settlements);
    return ids;
  }
  std::int64_t completed_count() {
    const Stats stats = must(repository().stats(now()));
    return stats.by_status.at(static_cast<std::size_t>(TaskStatus::completed));
  }

  TypeId alpha_ = 0;
  // Beyond what any type keeps.
  static constexpr Duration long_after = 24h * 91;
};

TEST_P(Range, ids_cross_from_one_to_the_next) {
  go_to(first_end + width - 40);
  const auto ids = completed_tasks(width);
  EXPECT_EQ(ids.front(), first_end + width - 40);
  EXPECT_EQ(count("task_requests_" + std::to_string(first_end + width)), 40);
  EXPECT_EQ(count("task_executions_" + std::to_string(first_end + 2 * width)), width - 40);
  auto shown = ids_of(must(repository().tasks({.limit = 1000}, now())));
  std::ranges::reverse(shown);
  EXPECT_EQ(shown, ids);
  EXPECT_EQ(must(repository().tasks({.tag = "tagged", .limit = 1000}, now())).size(), ids.size());
  EXPECT_EQ(count("task_requests_rest"), 0);
}

TEST_P(Range, there_is_always_one_ahead) {
  for (int i = 0; i < 5; ++i) {
    const TaskId given = first_end + i * width + width / 2 + 1;
    go_to(given);
    maintain();
    EXPECT_EQ(count("task_ranges WHERE low > " + std::to_string(given)), 1);
  }
  const auto made = ranges();
  maintain();
  EXPECT_EQ(ranges(), made);
}

TEST_P(Range, an_insert_never_fails_because_nobody_made_one) {
  go_to(first_end + 10 * width + 7);
  const auto burst = completed_tasks(3 * width, /*maintained=*/false);
  EXPECT_EQ(count("task_requests_rest"), std::ssize(burst));
  EXPECT_EQ(count("task_logs_rest"), std::ssize(burst));
  for (int i = 0; i < 3; ++i) maintain();
  // The next ranges begin beyond what fell among the rest, which stays where it is.
  go_to(first_end + 15 * width + 5);
  const auto after = completed_tasks(10);
  EXPECT_EQ(count("task_requests_rest"), std::ssize(burst));
  EXPECT_EQ(count("task_requests"), std::ssize(burst) + 10);
  pass(24h * 8);
  EXPECT_EQ(must(repository().prune({.limit = 1000}, now())), std::ssize(burst) + 10);
}

TEST_P(Range, the_planner_learns_of_one_that_it_took_for_empty) {
  store().query("UPDATE meta SET value = 100000 WHERE key = 'range_width'");
  go_to(first_end + width - 1);
  maintain();
  store().query("ANALYZE");
  go_to(first_end + width);
  const auto tuples = "SELECT reltuples > 1000 FROM pg_class WHERE relname = 'task_requests_" +
                      std::to_string(first_end + width + 100'000) + "'";
  completed_tasks(800);
  completed_tasks(800);
  EXPECT_EQ(store().query(tuples).at(0).at(0), "f");
  maintain();
  EXPECT_EQ(store().query(tuples).at(0).at(0), "t");
}

TEST_P(Range, one_that_is_outlived_is_dropped_with_all_that_belongs_to_it) {
  const auto ids = completed_tasks(width);
  const auto later = completed_tasks(1);
  EXPECT_FALSE(drop().dropped);
  EXPECT_EQ(completed_count(), width + 1);
  pass(long_after);
  const RangeStep step = drop();
  EXPECT_TRUE(step.dropped);
  EXPECT_EQ(step.tasks, width);
  for (const char* table : {"task_requests", "task_executions", "task_tags", "task_logs"}) {
    EXPECT_EQ(count(table), 1) << table;
  }
  EXPECT_EQ(ids_of(must(repository().tasks({.limit = 1000}, now()))), later);
  EXPECT_EQ(completed_count(), 1);
  // Nothing is left to be swept.
  EXPECT_EQ(count("task_ranges WHERE dropped"), 0);
  EXPECT_EQ(count("task_ranges WHERE low = " + std::to_string(first_end)), 0);
  EXPECT_FALSE(must(repository().task(ids.front(), now())));
}

TEST_P(Range, one_with_a_task_that_waits_is_not_dropped) {
  completed_tasks(width - 1);
  const TaskId waiting = add(new_task_row(alpha_));
  EXPECT_EQ(waiting, first_end + width - 1);
  go_to(first_end + width + 1);
  pass(long_after);
  EXPECT_EQ(drop().tasks, 0);
  EXPECT_EQ(count("task_requests"), width);
  EXPECT_EQ(status(waiting), TaskStatus::pending);
}

TEST_P(Range, one_with_a_task_that_runs_is_not_dropped) {
  completed_tasks(width - 1);
  add(new_task_row(alpha_));
  const Claim running = claim_one(alpha_);
  go_to(first_end + width + 1);
  pass(long_after);
  EXPECT_EQ(drop().tasks, 0);
  EXPECT_EQ(finish(completed(running, now())), FinishStatus::applied);
}

TEST_P(Range, shorter_retentions_delete_inside_it_and_the_drop_takes_the_rest) {
  const TaskId broken = ended(alpha_, TaskStatus::failed);
  completed_tasks(width - 1);
  completed_tasks(1);
  pass(24h * 10);
  // 7 days of completed ones, 90 of failed: the range is far from its end.
  EXPECT_EQ(must(repository().prune({.limit = 1000, .spares_ranges = true}, now())), width);
  EXPECT_EQ(status(broken), TaskStatus::failed);
  EXPECT_EQ(drop().tasks, 0);
  pass(24h * 81);
  EXPECT_EQ(drop().tasks, 1);
}

TEST_P(Range, what_is_due_is_left_to_a_drop_that_is_near_and_not_for_long) {
  change_type("ALPHA", [](TaskType& changed) {
    changed.retention = {.completed = 24h * 7, .failed = 24h * 7, .cancelled = 24h * 7};
  });
  completed_tasks(width / 2);
  pass(12h);
  completed_tasks(width / 2);
  completed_tasks(1);
  pass(24h * 7 - 12h);
  const PruneRequest sparing{.limit = 1000, .spares_ranges = true};
  EXPECT_EQ(must(repository().prune(sparing, now())), 0);
  pass(24h);
  // By now the half that was due a day ago has waited long enough.
  // So has the one whose range is not full yet.
  EXPECT_EQ(must(repository().prune(sparing, now())), width / 2 + 1);
  // By hand nothing is left to anybody.
  EXPECT_EQ(must(repository().prune({.limit = 1000}, now())), width / 2);
}

TEST_P(Range, an_open_transaction_that_read_it_is_not_waited_for) {
  completed_tasks(width);
  completed_tasks(1);
  pass(long_after);
  const auto reader = store().begin();
  reader->run("SELECT count(*) FROM esteira.tasks");
  EXPECT_FALSE(drop().dropped);
  EXPECT_EQ(count("task_requests"), width + 1);
  // Nobody waits behind it either.
  EXPECT_EQ(completed_tasks(1).size(), 1U);
  reader->roll_back();
  EXPECT_EQ(drop().tasks, width);
}

TEST_P(Range, a_retry_while_it_is_judged_keeps_it) {
  const auto ids = completed_tasks(width);
  completed_tasks(1);
  pass(long_after);
  const auto other = another();
  // It is looked through, and found to be ready.
  EXPECT_TRUE(must(repository().drop_range({}, now())).more);
  EXPECT_EQ(must(other->retry(std::array{ids.front()}, now())).at(0), ChangeStatus::applied);
  EXPECT_EQ(drop().tasks, 0);
  EXPECT_EQ(status(ids.front()), TaskStatus::pending);
  finish(completed(claim_one(alpha_), now()));
  EXPECT_EQ(drop().tasks, 0);
  pass(long_after);
  EXPECT_EQ(drop().tasks, width);
}

TEST_P(Range, a_retry_that_is_not_committed_keeps_it) {
  const auto ids = completed_tasks(width);
  completed_tasks(1);
  pass(long_after);
  const auto other = another();
  must(other->atomically([&]() -> Expected<void> {
    EXPECT_EQ(must(other->retry(std::array{ids.back()}, now())).at(0), ChangeStatus::applied);
    EXPECT_EQ(drop().tasks, 0);
    return {};
  }));
  EXPECT_EQ(status(ids.back()), TaskStatus::pending);
  EXPECT_EQ(drop().tasks, 0);
}

TEST_P(Range, with_an_archive_only_an_empty_one_is_dropped) {
  class NoArchive final : public TaskArchive {
    Expected<std::unique_ptr<ArchiveFile>> begin() override {
      return fail(ErrorCode::conflict, "full");
    }
  } archive;
  const auto ids = completed_tasks(width);
  completed_tasks(1);
  pass(long_after);
  EXPECT_EQ(drop({.archive = &archive}).tasks, 0);
  EXPECT_EQ(count("task_requests"), width + 1);
}

TEST_P(Range, two_programs_that_drop_at_once_drop_it_once) {
  completed_tasks(width);
  completed_tasks(1);
  pass(long_after);
  const auto before = completed_count();
  std::atomic<std::int64_t> tasks{0};
  run_together(4, [&](int) {
    const auto mine = another();
    tasks += drop_by(*mine).tasks;
  });
  tasks += drop().tasks;
  EXPECT_EQ(tasks, width);
  EXPECT_EQ(completed_count(), before - width);
}

TEST_P(Range, one_goes_while_tasks_are_made_run_and_read) {
  completed_tasks(width);
  completed_tasks(1);
  pass(long_after);
  std::atomic<bool> stop{false};
  std::vector<std::jthread> busy;
  for (int i = 0; i < 2; ++i) {
    busy.emplace_back([&, mine = another()] {
      while (!stop) {
        const NewTaskRow row = new_task_row(alpha_);
        must(mine->insert(std::span{&row, 1}, now()));
        must(mine->tasks({.limit = 20}, now()));
      }
    });
  }
  RangeStep step;
  while (step.tasks == 0) step = must(repository().drop_range({}, now()));
  stop = true;
  busy.clear();
  EXPECT_EQ(step.tasks, width);
}

class RangeMigration : public Contract {};

TEST_P(RangeMigration, keeps_what_there_is_and_new_tasks_go_on) {
  NewTaskRow row = new_task_row(type("ALPHA"));
  const TaskId done = ended(row.type_id, TaskStatus::failed);
  row.tags = {"old"};
  const TaskId waiting = add(row);
  store().take_back_to(14);
  const std::string before = everything_of(waiting) + everything_of(done);
  store().query("GRANT SELECT ON tasks, task_executions TO PUBLIC");
  const auto migrated = must(open_repository(store().url(), Migrate::always));
  EXPECT_TRUE(must(migrated->schema_status()).usable());
  EXPECT_EQ(everything_of(waiting) + everything_of(done), before);
  const auto first = "SELECT count(*) FROM task_requests_" + std::to_string(first_end);
  EXPECT_EQ(store().query(first).at(0).at(0), "2");
  EXPECT_EQ(retry(done), ChangeStatus::applied);
  EXPECT_EQ(claim({row.type_id}).size(), 2U);
  const TaskId fresh = add(row);
  const auto tagged = must(migrated->tasks({.tag = "old"}, now()));
  EXPECT_EQ(ids_of(tagged), (std::vector{fresh, waiting}));
  for (const char* relation : {"tasks", "task_executions"}) {
    const auto may = "SELECT has_table_privilege('pg_monitor', 'esteira." + std::string(relation) +
                     "', 'SELECT')";
    EXPECT_EQ(store().query(may).at(0).at(0), "t") << relation;
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, Range, testing::ValuesIn(concurrent_stores()), store_name);
INSTANTIATE_TEST_SUITE_P(Stores, RangeMigration, testing::ValuesIn(concurrent_stores()),
                         store_name);

}  // namespace
}  // namespace esteira::test
