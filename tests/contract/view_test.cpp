// What other programs read with plain SQL: the seed document's relations, always right.
#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

class View : public Contract {
 protected:
  std::map<std::string, std::int64_t> count_by_status() {
    std::map<std::string, std::int64_t> counts;
    for (const SqlRow& row : store().query("SELECT status, count(*) FROM tasks GROUP BY 1")) {
      counts[row.at(0).value()] = std::stoll(row.at(1).value());
    }
    return counts;
  }
  std::string cell(const std::string& sql) { return store().query(sql).at(0).at(0).value_or("-"); }

  // A task in each status, with all that can be kept of one.
  void fill(TypeId alpha) {
    NewTaskRow row = new_task_row(alpha, R"({"a":1})");
    row.tags = {"tag"};
    for (const TaskStatus end :
         {TaskStatus::completed, TaskStatus::failed, TaskStatus::cancelled}) {
      row.unique_key = std::string{to_text(end)};
      row.idempotency_key = row.unique_key;
      const TaskId task_id = add(row);
      edit(task_id, {.tags = std::vector<std::string>{"tag", "more"}});
      Claim claim = claim_one(alpha);
      const std::vector<Note> notes{
          ProgressNote{.fence = claim.fence, .fraction = 0.5, .text = "half"},
          LogNote{.fence = claim.fence, .line = 1, .at = now(), .text = "line"},
          CheckpointNote{.fence = claim.fence, .state = "{}"},
          NumberNote{.fence = claim.fence, .counter = "counter"}};
      TickRequest request;
      request.notes = notes;
      tick(request);
      if (end == TaskStatus::cancelled) {
        cancel(task_id);
        claim.cancel_requested = true;
      }
      finish(end == TaskStatus::completed ? completed(claim, now(), R"({"b":2})")
                                          : failed_for_good(claim, now()));
    }
  }
  // Rows that a task has left anywhere in the schema.
  std::int64_t traces_of(const std::vector<TaskId>& ids);
};

std::int64_t View::traces_of(const std::vector<TaskId>& ids) {
  std::string list;
  for (const TaskId task_id : ids) list += (list.empty() ? "" : ",") + std::to_string(task_id);
  std::int64_t rows = 0;
  for (const char* table :
       {"tasks", "task_requests", "task_tags", "task_ready", "task_scheduled", "task_executions",
        "task_reopened", "task_edits", "task_unique", "task_cancels", "task_checkpoints",
        "task_progress", "task_logs", "task_numbers"}) {
    const std::string sql =
        std::string{"SELECT count(*) FROM "} + table + " WHERE task_id IN (" + list + ")";
    const std::int64_t count = std::stoll(cell(sql));
    EXPECT_EQ(count, 0) << table;
    rows += count;
  }
  return rows;
}

TEST_P(View, counts_by_status_are_right_and_equal_the_statistics) {
  const TypeId alpha = type("ALPHA");
  const auto expect_equal = [&] {
    const Stats stats = must(repository().stats(now()));
    std::map<std::string, std::int64_t> counted = count_by_status();
    for (std::size_t status = 0; status < task_statuses; ++status) {
      const std::string name{to_text(static_cast<TaskStatus>(status))};
      EXPECT_EQ(counted[name], stats.by_status[status]) << name;
    }
  };
  expect_equal();
  fill(alpha);
  EXPECT_EQ(count_by_status(), (std::map<std::string, std::int64_t>{
                                   {"COMPLETED", 1}, {"FAILED", 1}, {"CANCELLED", 1}}));
  expect_equal();
  NewTaskRow future = new_task_row(alpha);
  future.scheduled_for = now() + 1h;
  add(future);
  add_many(alpha, 4);
  claim({alpha}, 2);
  EXPECT_EQ(count_by_status()["PENDING"], 3);
  EXPECT_EQ(count_by_status()["PROCESSING"], 2);
  expect_equal();
}

TEST_P(View, shows_the_columns_of_the_seed) {
  NewTaskRow row = new_task_row(type("ALPHA"), R"({"a": 1})");
  row.priority = 4;
  row.max_retries = 7;
  const TaskId task_id = add(row);
  finish(failed(claim_one(row.type_id), now(), "no network"));
  const std::string where = " FROM tasks WHERE task_id = " + std::to_string(task_id);
  const SqlRow seen =
      store()
          .query("SELECT type_id, status, priority, retries, max_retries, error_message" + where)
          .at(0);
  EXPECT_EQ(seen, (SqlRow{std::to_string(row.type_id), "PENDING", "4", "1", "7", "no network"}));
  const SqlRow more =
      store()
          .query(
              "SELECT payload, result, scheduled_for, started_at, completed_at, created_at, "
              "updated_at" +
              where)
          .at(0);
  EXPECT_EQ(must(parse_json(more.at(0).value())), Json({{"a", 1}}));
  EXPECT_FALSE(more.at(1));
  for (const std::size_t column : {2U, 3U, 5U}) {
    EXPECT_TRUE(more.at(column).value_or("").starts_with("2026-03-01")) << column;
  }
  EXPECT_FALSE(more.at(4)) << "it has not ended";
  EXPECT_EQ(cell("SELECT name FROM task_types"), "ALPHA");
}

TEST_P(View, shows_the_history_of_the_seed) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  finish(settle(claim_one(alpha), outcome::Failed{.message = "x", .metadata = R"({"m":1})"},
                plain_policy(), now()));
  const SqlRow seen =
      store()
          .query(
              "SELECT execution_id, task_id, status, error_message, started_at, completed_at, "
              "metadata FROM task_executions")
          .at(0);
  EXPECT_EQ(seen.at(0), std::to_string(task_id * 65536 + 1));
  EXPECT_EQ(seen.at(1), std::to_string(task_id));
  EXPECT_EQ(seen.at(2), "FAILED");
  EXPECT_EQ(seen.at(3), "x");
  EXPECT_TRUE(seen.at(4).value_or("").starts_with("2026-03-01"));
  EXPECT_TRUE(seen.at(5).value_or("").starts_with("2026-03-01"));
  EXPECT_EQ(must(parse_json(seen.at(6).value())), Json({{"m", 1}}));
}

TEST_P(View, agrees_with_every_look_up) {
  const TypeId alpha = type("ALPHA");
  fill(alpha);
  const TaskId retried = ended(alpha, TaskStatus::failed);
  retry(retried);
  add(new_task_row(alpha));
  pass(2s);
  claim({alpha}, 1);
  const SqlRows rows = store().query("SELECT task_id, status FROM tasks ORDER BY task_id DESC");
  const std::vector<Task> listed = must(repository().tasks({.limit = 1000}, now()));
  ASSERT_EQ(rows.size(), listed.size());
  for (std::size_t at = 0; at < rows.size(); ++at) {
    EXPECT_EQ(rows[at].at(0), std::to_string(listed[at].task_id));
    EXPECT_EQ(rows[at].at(1), to_text(listed[at].status));
    EXPECT_EQ(status(listed[at].task_id), listed[at].status);
  }
}

TEST_P(View, shows_no_trace_of_what_was_removed) {
  const TypeId alpha = type("ALPHA");
  fill(alpha);
  const TaskId reopened = ended(alpha, TaskStatus::failed);
  retry(reopened);
  const std::vector<TaskId> ids = ids_of(must(repository().tasks({}, now())));
  EXPECT_EQ(must(repository().remove(ids, now())),
            std::vector<ChangeStatus>(ids.size(), ChangeStatus::applied));
  EXPECT_EQ(traces_of(ids), 0);
}

TEST_P(View, shows_no_trace_of_what_was_pruned) {
  const TypeId alpha = type("ALPHA");
  fill(alpha);
  const TaskId reopened = ended(alpha, TaskStatus::failed);
  retry(reopened);
  cancel(reopened);
  const std::vector<TaskId> ids = ids_of(must(repository().tasks({}, now())));
  pass(24h * 100);
  EXPECT_EQ(must(repository().prune({.limit = 100}, now())), std::ssize(ids));
  EXPECT_EQ(traces_of(ids), 0);
}

TEST_P(View, shows_no_lease_of_what_has_ended) {
  const TypeId alpha = type("ALPHA");
  add_many(alpha, 10);
  const std::vector<Claim> claims = claim({alpha});
  renew(claims[0].fence.lease_id, {held(claims[0]), held(claims[1])});
  for (const Claim& claim : claims) finish(completed(claim, now()));
  EXPECT_EQ(cell("SELECT count(*) FROM task_leases"), "0");
}

TEST_P(View, shows_nothing_that_ends_with_its_task) {
  fill(type("ALPHA"));
  for (const char* table : {"task_unique", "task_checkpoints", "task_progress", "task_cancels",
                            "task_leases", "task_ready", "task_scheduled"}) {
    EXPECT_EQ(cell(std::string{"SELECT count(*) FROM "} + table), "0") << table;
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, View, testing::ValuesIn(shared_stores()), store_name);

}  // namespace
}  // namespace esteira::test
