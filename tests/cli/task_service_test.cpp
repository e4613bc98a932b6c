#include <functional>

#include <gtest/gtest.h>

#include "esteira/repository.hpp"
#include "esteira/service.hpp"
#include "service/type_service.hpp"
#include "support/expectations.hpp"
#include "support/manual_clock.hpp"

namespace esteira {
namespace {

using esteira::test::error_of;
using esteira::test::must;
using namespace std::chrono_literals;

class TaskServiceTest : public testing::Test {
 protected:
  void SetUp() override { must(TypeService(repository, clock).set("REPORT", {})); }

  CreatedTask create(TaskOptions options) {
    return must(service.create({.type = "REPORT", .payload = {}, .options = std::move(options)}));
  }
  Error refusal(TaskOptions options) {
    return error_of(
        service.create({.type = "REPORT", .payload = {}, .options = std::move(options)}));
  }

  std::shared_ptr<TaskRepository> repository = must(open_repository("sqlite::memory:"));
  std::shared_ptr<test::ManualClock> clock =
      std::make_shared<test::ManualClock>(parse_time("2024-12-01T12:00:00Z"));
  TaskService service{repository, nullptr, clock};
};

TEST_F(TaskServiceTest, a_delay_counts_from_the_creation_on) {
  const auto created = create({.scheduled_in = 5min});
  EXPECT_EQ(must(service.task(created.task_id)).scheduled_for, parse_time("2024-12-01T12:05:00Z"));
}

TEST_F(TaskServiceTest, a_repeated_key_with_the_same_delay_answers_the_first_task) {
  const TaskOptions options{.scheduled_in = 5min, .idempotency_key = "key"};
  const auto first = create(options);
  clock->advance(1min);
  const auto again = create(options);
  EXPECT_TRUE(first.created);
  EXPECT_FALSE(again.created);
  EXPECT_EQ(again.task_id, first.task_id);
  EXPECT_EQ(must(service.task(first.task_id)).scheduled_for, parse_time("2024-12-01T12:05:00Z"));
}

TEST_F(TaskServiceTest, a_repeated_key_with_another_delay_is_refused) {
  create({.scheduled_in = 5min, .idempotency_key = "key"});
  refusal({.scheduled_in = 6min, .idempotency_key = "key"});
  refusal({.idempotency_key = "key"});
}

TEST_F(TaskServiceTest, a_delay_has_its_limits_and_excludes_a_time) {
  for (const auto& options :
       {TaskOptions{.scheduled_in = -1s}, TaskOptions{.scheduled_in = 24h * 4'000'000},
        TaskOptions{.scheduled_for = clock->now(), .scheduled_in = 1s}}) {
    const auto error = refusal(options);
    EXPECT_EQ(error.code, ErrorCode::invalid_argument);
    EXPECT_EQ(error.fields.at(0).pointer, "/scheduled_for");
  }
}

TEST_F(TaskServiceTest, what_is_said_of_a_unique_key_and_an_expiry_must_fit_together) {
  const std::vector<std::pair<std::string, TaskOptions>> wrong{
      {"/unique/key", {.unique_scope = UniqueScope::waiting}},
      {"/unique/key", {.on_conflict = OnConflict::existing}},
      {"/unique/seconds", {.unique_key = "k", .unique_scope = UniqueScope::window}},
      {"/unique/seconds", {.unique_key = "k", .unique_window = 1h}},
      {"/unique/seconds",
       {.unique_key = "k", .unique_scope = UniqueScope::window, .unique_window = 0s}},
      {"/unique/seconds",
       {.unique_key = "k", .unique_scope = UniqueScope::window, .unique_window = 24h * 366}},
      {"/expires_at", {.expires_at = clock->now()}},
      {"/expires_at", {.expires_in = 0s}},
      {"/expires_at", {.expires_in = 24h * 4'000'000}},
      {"/expires_at", {.expires_at = clock->now() + 1h, .expires_in = 1h}},
      {"/expires_at", {.scheduled_in = 2h, .expires_in = 1h}},
      {"/expires_at", {.scheduled_in = 1h, .expires_in = 1h}},
  };
  for (const auto& [pointer, options] : wrong) {
    const auto error = refusal(options);
    EXPECT_EQ(error.code, ErrorCode::invalid_argument);
    EXPECT_EQ(error.fields.at(0).pointer, pointer) << error.message;
  }
}

TEST_F(TaskServiceTest, a_window_and_an_expiry_count_from_the_creation_on) {
  const auto first = create({.unique_key = "k",
                             .unique_scope = UniqueScope::window,
                             .unique_window = 5min,
                             .expires_in = 1h});
  EXPECT_EQ(must(service.task(first.task_id)).expires_at, parse_time("2024-12-01T13:00:00Z"));
  clock->advance(5min - 1us);
  EXPECT_EQ(refusal({.unique_key = "k"}).code, ErrorCode::conflict);
  clock->advance(1us);
  create({.unique_key = "k"});
}

TEST_F(TaskServiceTest, an_idempotency_key_is_held_to_what_was_said_of_its_task) {
  const TaskOptions options{.unique_key = "k",
                            .unique_scope = UniqueScope::window,
                            .unique_window = 1h,
                            .expires_in = 2h,
                            .idempotency_key = "key"};
  const auto first = create(options);
  clock->advance(1min);
  EXPECT_EQ(create(options).task_id, first.task_id);
  for (const auto& change : std::vector<std::function<void(TaskOptions&)>>{
           [](TaskOptions& other) { other.unique_window = 2h; },
           [](TaskOptions& other) { other.on_conflict = OnConflict::existing; },
           [](TaskOptions& other) { other.expires_in = 3h; },
           [](TaskOptions& other) {
             other.unique_scope = UniqueScope::waiting;
             other.unique_window.reset();
           }}) {
    auto other = options;
    change(other);
    EXPECT_EQ(refusal(other).code, ErrorCode::invalid_argument);
  }
}

TEST_F(TaskServiceTest, no_more_wait_than_the_type_lets) {
  must(TypeService(repository, clock).set("REPORT", {.max_waiting = 3}));
  create({});
  create({.scheduled_in = 1h});
  const std::vector<NewTask> two(2, {.type = "REPORT", .payload = {}});
  const auto refused = error_of(service.create_tasks(two));
  EXPECT_EQ(refused.code, ErrorCode::rate_limited) << refused.message;
  const auto third = create({});
  EXPECT_EQ(refusal({}).code, ErrorCode::rate_limited);
  must(service.cancel_task(third.task_id));
  // The count is a short while old at most.
  clock->advance(1s);
  create({});
  EXPECT_EQ(refusal({}).code, ErrorCode::rate_limited);
  must(TypeService(repository, clock).set("REPORT", {.max_waiting = 0}));
  clock->advance(1s);
  must(service.create_tasks(two));
}

TEST_F(TaskServiceTest, the_limit_of_one_type_is_no_other_s) {
  must(TypeService(repository, clock).set("REPORT", {.max_waiting = 1}));
  must(TypeService(repository, clock).set("OTHER", {}));
  create({});
  EXPECT_EQ(refusal({}).code, ErrorCode::rate_limited);
  const std::vector<NewTask> others(5, {.type = "OTHER", .payload = {}});
  must(service.create_tasks(others));
}

}  // namespace
}  // namespace esteira
