// task, tasks, executions: pages and filters.
#include <algorithm>

#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

class Read : public Contract {
 protected:
  std::vector<TaskId> list(TaskFilter filter) {
    return ids_of(must(repository().tasks(filter, now())));
  }
};

TEST_P(Read, newest_come_first) {
  std::vector<TaskId> ids = add_many(type("ALPHA"), 5);
  std::ranges::reverse(ids);
  EXPECT_EQ(list({.limit = 100}), ids);
  EXPECT_EQ(list({.limit = 2}), (std::vector{ids[0], ids[1]}));
}

TEST_P(Read, each_status_finds_its_own) {
  const TypeId alpha = type("ALPHA");
  const TaskId running = add(new_task_row(alpha));
  claim_one(alpha);
  const TaskId done = ended(alpha, TaskStatus::completed);
  const TaskId broken = ended(alpha, TaskStatus::failed);
  const TaskId stopped = ended(alpha, TaskStatus::cancelled);
  const TaskId reopened = ended(alpha, TaskStatus::failed);
  retry(reopened);
  NewTaskRow row = new_task_row(alpha);
  row.scheduled_for = now() + 1h;
  const TaskId future = add(row);
  EXPECT_EQ(list({.status = TaskStatus::pending}), (std::vector{future, reopened}));
  EXPECT_EQ(list({.status = TaskStatus::processing}), std::vector{running});
  EXPECT_EQ(list({.status = TaskStatus::completed}), std::vector{done});
  EXPECT_EQ(list({.status = TaskStatus::failed}), std::vector{broken});
  EXPECT_EQ(list({.status = TaskStatus::cancelled}), std::vector{stopped});
}

TEST_P(Read, a_list_and_a_look_up_say_the_same) {
  const TypeId alpha = type("ALPHA");
  NewTaskRow row = new_task_row(alpha, R"({"a":1})");
  row.tags = {"x", "y"};
  row.unique_key = "key";
  row.traceparent = "trace";
  const TaskId task_id = add(row);
  finish(failed(claim_one(alpha), now()));
  const Task listed = must(repository().tasks({}, now())).at(0);
  const Task looked_up = task(task_id);
  EXPECT_EQ(listed.payload, looked_up.payload);
  EXPECT_EQ(listed.tags, looked_up.tags);
  EXPECT_EQ(listed.unique_key, looked_up.unique_key);
  EXPECT_EQ(listed.traceparent, looked_up.traceparent);
  EXPECT_EQ(listed.retries, looked_up.retries);
  EXPECT_EQ(listed.attempt, looked_up.attempt);
  EXPECT_EQ(listed.error_message, looked_up.error_message);
  EXPECT_EQ(listed.scheduled_for, looked_up.scheduled_for);
  EXPECT_EQ(listed.started_at, looked_up.started_at);
  EXPECT_EQ(listed.worker, looked_up.worker);
  EXPECT_EQ(listed.created_at, looked_up.created_at);
}

TEST_P(Read, filters_narrow_together) {
  const TypeId alpha = type("ALPHA");
  const TypeId beta = type("BETA");
  NewTaskRow tagged = new_task_row(alpha);
  tagged.tags = {"vip", "nightly"};
  const TaskId first = add(tagged);
  const TaskId plain = add(new_task_row(alpha));
  tagged.type_id = beta;
  tagged.tags = {"vip"};
  const TaskId other = add(tagged);
  EXPECT_EQ(list({.type = "ALPHA"}), (std::vector{plain, first}));
  EXPECT_EQ(list({.tag = "vip"}), (std::vector{other, first}));
  EXPECT_EQ(list({.tag = "nightly"}), std::vector{first});
  EXPECT_EQ(list({.type = "BETA", .tag = "vip"}), std::vector{other});
  EXPECT_TRUE(list({.type = "BETA", .tag = "nightly"}).empty());
  EXPECT_TRUE(list({.type = "GAMMA"}).empty());
  EXPECT_TRUE(list({.tag = "vi"}).empty());
  claim({beta});
  EXPECT_EQ(list({.status = TaskStatus::pending, .tag = "vip"}), std::vector{first});
  EXPECT_EQ(list({.status = TaskStatus::processing, .type = "BETA", .tag = "vip"}),
            std::vector{other});
  EXPECT_TRUE(list({.status = TaskStatus::processing, .type = "ALPHA"}).empty());
}

TEST_P(Read, created_after_is_inclusive_and_created_before_is_not) {
  const TypeId alpha = type("ALPHA");
  const Time start = now();
  std::vector<TaskId> ids;
  for (int count = 0; count < 4; ++count) {
    ids.push_back(add(new_task_row(alpha)));
    pass(1s);
  }
  EXPECT_EQ(list({.created_after = start + 1s, .created_before = start + 3s}),
            (std::vector{ids[2], ids[1]}));
  EXPECT_EQ(list({.created_before = start + 1us}), std::vector{ids[0]});
  EXPECT_EQ(list({.created_after = start + 3s}), std::vector{ids[3]});
}

TEST_P(Read, pages_neither_skip_nor_repeat_while_tasks_arrive) {
  const TypeId alpha = type("ALPHA");
  const TypeId beta = type("BETA");
  std::vector<TaskId> expected;
  for (int count = 0; count < 60; ++count) {
    NewTaskRow row = new_task_row(count % 3 == 0 ? beta : alpha);
    row.tags = {"page"};
    const TaskId task_id = add(row);
    if (row.type_id == alpha) expected.push_back(task_id);
  }
  std::ranges::reverse(expected);
  for (const auto& status : {std::optional<TaskStatus>{}, std::optional{TaskStatus::pending}}) {
    std::vector<TaskId> seen;
    std::optional<TaskId> cursor = expected.front() + 1;
    for (std::vector<TaskId> page{0}; !page.empty();) {
      page =
          list({.status = status, .type = "ALPHA", .tag = "page", .before_id = cursor, .limit = 7});
      EXPECT_LE(page.size(), 7U);
      seen.insert(seen.end(), page.begin(), page.end());
      if (!page.empty()) cursor = page.back();
      NewTaskRow row = new_task_row(alpha);
      row.tags = {"page"};
      add(row);
    }
    EXPECT_EQ(seen, expected);
  }
}

TEST_P(Read, pages_of_each_end_reach_all) {
  const TypeId alpha = type("ALPHA");
  for (const TaskStatus end : {TaskStatus::completed, TaskStatus::failed, TaskStatus::cancelled}) {
    std::vector<TaskId> expected;
    for (int count = 0; count < 9; ++count) expected.push_back(ended(alpha, end));
    std::ranges::reverse(expected);
    std::vector<TaskId> seen;
    std::optional<TaskId> cursor;
    for (std::vector<TaskId> page{0}; !page.empty();) {
      page = list({.status = end, .before_id = cursor, .limit = 4});
      seen.insert(seen.end(), page.begin(), page.end());
      if (!page.empty()) cursor = page.back();
    }
    EXPECT_EQ(seen, expected);
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, Read, testing::ValuesIn(every_store()), store_name);

}  // namespace
}  // namespace esteira::test
