// insert: what is given comes back, all of it or none of it.
#include <algorithm>
#include <atomic>

#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

class Insert : public Contract {
 protected:
  Expected<std::vector<InsertedTask>> try_insert(const NewTaskRow& row) {
    return repository().insert(std::span{&row, 1}, now());
  }
  // Rows of tasks, whichever type.
  std::size_t count() { return must(repository().tasks({.limit = 1000}, now())).size(); }
};

NewTaskRow with_unique_key(TypeId type_id, std::string key) {
  NewTaskRow row = new_task_row(type_id);
  row.unique_key = std::move(key);
  return row;
}

NewTaskRow with_idempotency_key(TypeId type_id, std::string key, std::string hash) {
  NewTaskRow row = new_task_row(type_id);
  row.idempotency_key = std::move(key);
  row.idempotency_hash = std::move(hash);
  return row;
}

// A JSON string of exactly so many bytes, quotes included, with characters of 1, 2, 3 and 4 bytes.
std::string long_text(std::size_t bytes) {
  std::string text = "\"";
  while (text.size() + 11 <= bytes) text += "aé€😀";
  text.append(bytes - text.size() - 1, 'x');
  return text + '"';
}

TEST_P(Insert, a_task_reads_back_as_it_was_given) {
  NewTaskRow row = new_task_row(type("ALPHA"), R"({"a":[1,2.5,null,true],"b":"c"})");
  row.priority = -7;
  row.scheduled_for = now() + 90min + 123456us;
  row.max_retries = 9;
  row.timeout = 77s;
  row.unique_key = "only-one";
  row.tags = {"beta", "alpha"};
  row.traceparent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  Task found = task(add(row));
  std::ranges::sort(found.tags);
  EXPECT_EQ(found.type, "ALPHA");
  EXPECT_EQ(found.status, TaskStatus::pending);
  EXPECT_EQ(found.priority, -7);
  EXPECT_EQ(found.retries, 0);
  EXPECT_EQ(found.max_retries, 9);
  EXPECT_EQ(found.attempt, 0);
  EXPECT_EQ(found.crashes, 0);
  EXPECT_EQ(found.payload, must(parse_json(row.payload)));
  EXPECT_EQ(found.scheduled_for, row.scheduled_for);
  EXPECT_EQ(found.created_at, now());
  EXPECT_EQ(found.tags, (std::vector<std::string>{"alpha", "beta"}));
  EXPECT_EQ(found.unique_key, "only-one");
  EXPECT_EQ(found.traceparent, row.traceparent);
}

TEST_P(Insert, what_is_absent_stays_absent) {
  const Task found = task(add(new_task_row(type("ALPHA"), "null")));
  EXPECT_TRUE(found.payload.is_null());
  EXPECT_TRUE(found.result.is_null());
  EXPECT_FALSE(found.error_message);
  EXPECT_FALSE(found.scheduled_for);
  EXPECT_FALSE(found.started_at);
  EXPECT_FALSE(found.completed_at);
  EXPECT_FALSE(found.progress);
  EXPECT_TRUE(found.tags.empty());
  EXPECT_FALSE(found.unique_key);
  EXPECT_FALSE(found.worker);
  EXPECT_FALSE(found.traceparent);
}

TEST_P(Insert, terms_are_shown_and_claimed_as_they_were_given) {
  change_type("ALPHA", [](TaskType& t) { t.flow.key = "/city"; });
  const TaskId first = ended(type("BETA"), TaskStatus::failed);
  const TaskId second = ended(type("BETA"), TaskStatus::completed);
  NewTaskRow row = new_task_row(type("ALPHA"));
  row.terms = {.expires_at = now() + 1h + 5us,
               .unique_scope = UniqueScope::window,
               .unique_until = now() + 2h,
               .flow_key = "São Paulo",
               .depends_on = {first, second},
               .dependency_rule = DependencyRule::ended,
               .on_parent_failure = ParentFailure::run,
               .batch_id = "batch"};
  const TaskId task_id = add(row);
  const Task found = task(task_id);
  EXPECT_EQ(found.expires_at, row.terms.expires_at);
  EXPECT_EQ(found.unique_scope, UniqueScope::window);
  EXPECT_EQ(found.depends_on, row.terms.depends_on);
  EXPECT_EQ(found.batch_id, "batch");
  const Claim claim = claim_one(type("ALPHA"));
  EXPECT_EQ(claim.fence.task_id, task_id);
  EXPECT_EQ(claim.terms, row.terms);
}

TEST_P(Insert, a_plain_task_has_no_terms) {
  add(new_task_row(type("ALPHA")));
  EXPECT_EQ(claim_one(type("ALPHA")).terms, TaskTerms{});
}

TEST_P(Insert, an_unknown_task_is_no_error) {
  EXPECT_FALSE(must(repository().task(987654321, now())));
  EXPECT_TRUE(executions(987654321).empty());
}

TEST_P(Insert, a_batch_keeps_its_order_and_its_ids_rise) {
  const TypeId alpha = type("ALPHA");
  std::vector<NewTaskRow> rows;
  for (std::size_t index = 0; index < limits::batch_tasks_max; ++index) {
    rows.push_back(new_task_row(alpha, std::to_string(index)));
  }
  const std::vector<TaskId> ids = add(rows);
  ASSERT_EQ(ids.size(), rows.size());
  EXPECT_TRUE(std::ranges::is_sorted(ids, std::less_equal<>{}));
  EXPECT_EQ(task(ids.front()).payload, Json(0));
  EXPECT_EQ(task(ids.back()).payload, Json(static_cast<std::int64_t>(rows.size()) - 1));
  EXPECT_GT(add(new_task_row(alpha)), ids.back());
}

TEST_P(Insert, an_empty_batch_makes_nothing) {
  EXPECT_TRUE(add(std::span<const NewTaskRow>{}).empty());
  EXPECT_EQ(count(), 0U);
}

TEST_P(Insert, unicode_survives_everywhere) {
  const std::string text = "São Paulo ☕ 你好 \U0001F600 \u202E'\"\\;--%$1?";
  NewTaskRow row = new_task_row(type("ALPHA"), to_text(Json{{text, text}}));
  row.unique_key = text;
  row.tags = {text};
  const TaskId task_id = add(row);
  worker_name = text;
  const Claim claim = claim_one(row.type_id);
  EXPECT_EQ(must(parse_json(claim.payload)), must(parse_json(row.payload)));
  EXPECT_EQ(claim.unique_key, text);
  EXPECT_EQ(claim.tags, row.tags);
  note(LogNote{.fence = claim.fence, .line = 1, .at = now(), .text = text});
  finish(failed(claim, now(), text));
  const Task found = task(task_id);
  EXPECT_EQ(found.payload, must(parse_json(row.payload)));
  EXPECT_EQ(found.error_message, text);
  EXPECT_EQ(found.unique_key, text);
  EXPECT_EQ(found.tags, row.tags);
  EXPECT_EQ(found.worker, text);
  EXPECT_EQ(must(repository().log_lines(task_id)).at(0).text, text);
  EXPECT_EQ(ids_of(must(repository().tasks({.tag = text}, now()))), std::vector{task_id});
}

TEST_P(Insert, the_largest_payload_and_result_survive) {
  const std::string largest = long_text(limits::payload_bytes_max);
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha, largest));
  const Claim claim = claim_one(alpha);
  EXPECT_EQ(claim.payload, largest);
  EXPECT_EQ(finish(completed(claim, now(), largest)), FinishStatus::applied);
  EXPECT_EQ(task(task_id).payload, must(parse_json(largest)));
  EXPECT_EQ(task(task_id).result, must(parse_json(largest)));
}

TEST_P(Insert, numbers_survive) {
  const std::string numbers =
      "[9223372036854775807,-9223372036854775808,18446744073709551615,12.34,0.1,-0.5,1.5e-7,"
      "2.2250738585072014e-308,123456789.123456]";
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha, numbers));
  EXPECT_EQ(task(task_id).payload, must(parse_json(numbers)));
  EXPECT_EQ(must(parse_json(claim_one(alpha).payload)), must(parse_json(numbers)));
}

TEST_P(Insert, the_bounds_of_the_columns_survive) {
  NewTaskRow row = new_task_row(type(std::string(limits::type_name_bytes_max, 'A')));
  row.priority = limits::priority_max;
  row.max_retries = limits::max_retries_max;
  row.timeout = limits::timeout_max;
  row.unique_key = std::string(limits::unique_key_bytes_max, 'k');
  row.traceparent = std::string(limits::traceparent_bytes_max, 't');
  for (std::size_t tag = 0; tag < limits::tags_max; ++tag) {
    row.tags.push_back(std::string(limits::tag_bytes_max - 2, 't') + std::to_string(10 + tag));
  }
  const TaskId high = add(row);
  const TaskId low = add({.type_id = row.type_id,
                          .payload = "{}",
                          .priority = limits::priority_min,
                          .max_retries = 0});
  const std::vector<Claim> claims = claim({row.type_id});
  ASSERT_EQ(ids_of(claims), (std::vector{high, low}));
  EXPECT_EQ(claims[0].priority, limits::priority_max);
  EXPECT_EQ(claims[0].max_retries, limits::max_retries_max);
  EXPECT_EQ(claims[0].timeout, limits::timeout_max);
  EXPECT_EQ(claims[0].unique_key, row.unique_key);
  EXPECT_EQ(claims[0].tags.size(), limits::tags_max);
  EXPECT_EQ(claims[0].traceparent, row.traceparent);
  EXPECT_EQ(claims[1].priority, limits::priority_min);
  EXPECT_EQ(claims[1].max_retries, 0);
}

TEST_P(Insert, a_batch_is_all_or_nothing) {
  const TypeId alpha = type("ALPHA");
  const TaskId holder = add(with_unique_key(alpha, "taken"));
  std::vector<NewTaskRow> rows(5, new_task_row(alpha));
  rows[0] = with_unique_key(alpha, "free");
  rows[1].idempotency_key = "first";
  rows[1].tags = {"tagged"};
  rows[3] = with_unique_key(alpha, "taken");
  const Error error = error_of(repository().insert(rows, now()));
  EXPECT_EQ(error.code, ErrorCode::conflict);
  EXPECT_EQ(error.task_id, holder);
  EXPECT_EQ(count(), 1U);
  EXPECT_EQ(claim({alpha}).size(), 1U);
  EXPECT_TRUE(try_insert(with_unique_key(alpha, "free")));
  EXPECT_TRUE(must(try_insert(rows[1])).at(0).created);
}

TEST_P(Insert, a_unique_key_is_held_once_by_each_type) {
  const TypeId alpha = type("ALPHA");
  const TaskId holder = add(with_unique_key(alpha, "key"));
  const Error error = error_of(try_insert(with_unique_key(alpha, "key")));
  EXPECT_EQ(error.code, ErrorCode::conflict);
  EXPECT_EQ(error.task_id, holder);
  EXPECT_TRUE(try_insert(with_unique_key(alpha, "Key")));
  EXPECT_TRUE(try_insert(with_unique_key(type("BETA"), "key")));
}

TEST_P(Insert, a_batch_that_meets_itself_is_refused) {
  const TypeId alpha = type("ALPHA");
  const std::vector<NewTaskRow> rows(2, with_unique_key(alpha, "key"));
  EXPECT_EQ(error_of(repository().insert(rows, now())).code, ErrorCode::conflict);
  EXPECT_EQ(count(), 0U);
}

TEST_P(Insert, a_unique_key_is_held_while_the_task_waits_or_runs_and_free_at_its_end) {
  const TypeId alpha = type("ALPHA");
  const NewTaskRow row = with_unique_key(alpha, "key");
  const auto is_held = [&] {
    const auto answer = try_insert(row);
    return !answer && answer.error().code == ErrorCode::conflict;
  };
  add(row);
  const Claim first = claim_one(alpha);
  EXPECT_TRUE(is_held()) << "it runs";
  finish(failed(first, now()));
  EXPECT_TRUE(is_held()) << "it waits for its retry";
  pass(1min);
  finish(failed_for_good(claim_one(alpha), now()));
  add(row);
  finish(completed(claim_one(alpha), now()));
  cancel(add(row));
  EXPECT_TRUE(try_insert(row)) << "a cancelled task holds nothing";
}

TEST_P(Insert, the_same_idempotency_key_answers_the_first_task) {
  const NewTaskRow row = with_idempotency_key(type("ALPHA"), "key", "hash");
  const InsertedTask first = must(try_insert(row)).at(0);
  const InsertedTask second = must(try_insert(row)).at(0);
  EXPECT_TRUE(first.created);
  EXPECT_FALSE(second.created);
  EXPECT_EQ(second.task_id, first.task_id);
  finish(completed(claim_one(row.type_id), now()));
  EXPECT_EQ(must(try_insert(row)).at(0).task_id, first.task_id);
  EXPECT_EQ(count(), 1U);
}

TEST_P(Insert, the_same_idempotency_key_answers_before_a_unique_key_refuses) {
  NewTaskRow row = with_idempotency_key(type("ALPHA"), "key", "hash");
  row.unique_key = "unique";
  const TaskId first = add(row);
  EXPECT_EQ(must(try_insert(row)).at(0).task_id, first);
}

TEST_P(Insert, an_idempotency_key_with_another_task_is_refused) {
  const TypeId alpha = type("ALPHA");
  const TaskId first = add(with_idempotency_key(alpha, "key", "hash"));
  const Error error = error_of(try_insert(with_idempotency_key(alpha, "key", "other")));
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  EXPECT_EQ(error.task_id, first);
  EXPECT_EQ(count(), 1U);
}

TEST_P(Insert, an_idempotency_key_is_forgotten_after_a_day) {
  const NewTaskRow row = with_idempotency_key(type("ALPHA"), "key", "hash");
  const TaskId first = add(row);
  pass(23h);
  must(repository().maintain(now()));
  EXPECT_EQ(add(row), first);
  pass(2h);
  must(repository().maintain(now()));
  EXPECT_NE(add(row), first);
}

TEST_P(Insert, of_many_with_one_idempotency_key_one_is_made) {
  constexpr int threads = 6;
  const NewTaskRow row = with_idempotency_key(type("ALPHA"), "key", "hash");
  std::vector<InsertedTask> answers(threads);
  run_together(threads, [&](int index) {
    const auto mine = another();
    answers[static_cast<std::size_t>(index)] = must(mine->insert(std::span{&row, 1}, now())).at(0);
  });
  EXPECT_EQ(std::ranges::count(answers, true, &InsertedTask::created), 1);
  EXPECT_EQ(std::ranges::count(answers, answers[0].task_id, &InsertedTask::task_id), threads);
  EXPECT_EQ(count(), 1U);
}

TEST_P(Insert, of_many_with_one_unique_key_one_is_made) {
  const NewTaskRow row = with_unique_key(type("ALPHA"), "key");
  std::atomic<int> made{0};
  run_together(6, [&](int) {
    const auto mine = another();
    const auto answer = mine->insert(std::span{&row, 1}, now());
    if (answer) {
      ++made;
    } else {
      EXPECT_EQ(answer.error().code, ErrorCode::conflict) << answer.error().message;
    }
  });
  EXPECT_EQ(made, 1);
  EXPECT_EQ(count(), 1U);
}

TEST_P(Insert, a_task_of_an_unknown_type_is_refused) {
  EXPECT_FALSE(try_insert(new_task_row(12345)));
  EXPECT_EQ(count(), 0U);
}

INSTANTIATE_TEST_SUITE_P(Stores, Insert, testing::ValuesIn(every_store()), store_name);

}  // namespace
}  // namespace esteira::test
