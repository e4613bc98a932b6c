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

}  // namespace
}  // namespace esteira
