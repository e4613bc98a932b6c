// What a server answers, read back: what is written again is the same text.
#include <gtest/gtest.h>

#include "api/answer_json.hpp"
#include "api/state_json.hpp"
#include "api/task_json.hpp"
#include "support/expectations.hpp"

namespace esteira::api {
namespace {

using esteira::test::error_of;
using esteira::test::must;
using namespace std::chrono_literals;

// As it comes over the wire: text, parsed again.
Json sent(const Json& value) { return must(parse_json(to_text(value))); }

Task full_task() {
  Task task;
  task.task_id = 9'007'199'254'740'993;  // more than a double holds
  task.type = "NOOP";
  task.status = TaskStatus::failed;
  task.priority = -3;
  task.retries = 2;
  task.max_retries = 7;
  task.attempt = 4;
  task.payload = must(parse_json(R"({"n":1.0,"big":18446744073709551615,"s":"ü","l":[null,{}]})"));
  task.result = 1e300;
  task.error_message = "no";
  task.scheduled_for = parse_time("2024-12-25T00:00:00.123456Z");
  task.started_at = parse_time("2024-12-25T00:00:01Z");
  task.completed_at = parse_time("2024-12-25T00:00:02.5Z");
  task.created_at = parse_time("2024-12-01T12:00:00Z");
  task.updated_at = parse_time("2024-12-25T00:00:03Z");
  task.crashes = 1;
  task.progress = 1.0;
  task.tags = {"a", "b"};
  task.unique_key = "u";
  task.unique_scope = UniqueScope::waiting;
  task.expires_at = parse_time("2034-12-25T00:00:00Z");
  task.worker = "w";
  return task;
}

TEST(AnswerJson, a_task_is_read_back_whole) {
  for (const auto& task : {Task{.type = "NOOP"}, full_task()}) {
    const auto json = task_to_json(task);
    EXPECT_EQ(to_text(task_to_json(must(task_from_json(sent(json))))), to_text(json));
  }
}

TEST(AnswerJson, every_status_is_read_back) {
  for (int i = 0; i < task_statuses; ++i) {
    Task task{.type = "NOOP", .status = static_cast<TaskStatus>(i)};
    EXPECT_EQ(must(task_from_json(sent(task_to_json(task)))).status, task.status);
  }
  for (int i = 0; i < execution_statuses; ++i) {
    Execution execution{.status = static_cast<ExecutionStatus>(i)};
    EXPECT_EQ(must(execution_from_json(sent(execution_to_json(execution)))).status,
              execution.status);
  }
}

TEST(AnswerJson, an_execution_is_read_back_whole) {
  Execution execution{.execution_id = 65537, .task_id = 1, .attempt = 1};
  execution.started_at = parse_time("2024-12-01T12:00:00Z");
  for (const bool ended : {false, true}) {
    if (ended) {
      execution.completed_at = parse_time("2024-12-01T12:00:01Z");
      execution.error_message = "no";
      execution.metadata = JsonObject{{"poison", true}};
    }
    const auto json = execution_to_json(execution);
    EXPECT_EQ(to_text(execution_to_json(must(execution_from_json(sent(json))))), to_text(json));
  }
}

TEST(AnswerJson, a_type_is_read_back_whole) {
  TaskType type{.type_id = 3, .name = "MINE", .description = "d"};
  type.timeout = 1500ms;
  for (const bool full : {false, true}) {
    if (full) {
      type.paused = true;
      type.back_off = {.base = 250ms, .factor = 1.5, .cap = 2h, .jitter = false};
      type.payload_schema = R"({ "required": ["id"] })";
      type.retention = {.completed = 24h * 36'500, .failed = 1s, .cancelled = 0s};
      type.concurrency = 4;
      type.rate = "100/s";
      type.flow.max_waiting = 1000;
      type.updated_at = parse_time("2024-12-01T12:00:00Z");
    }
    const auto json = type_to_json(type);
    EXPECT_EQ(to_text(type_to_json(must(type_from_json(sent(json))))), to_text(json));
  }
}

TEST(AnswerJson, statistics_are_read_back_with_their_rounded_numbers) {
  Stats stats{.generated_at = parse_time("2024-12-01T12:00:00Z"), .by_status = {1, 2, 3, 4, 5}};
  stats.types.push_back({.type = "A", .pending = 6, .completed_per_minute = 1.0 / 3});
  stats.types.push_back({.type = "B", .wait_seconds = {.p50 = 0.00150049, .p99 = 2.0 / 3}});
  const auto read = must(stats_from_json(sent(stats_to_json(stats))));
  EXPECT_EQ(to_text(stats_to_json(read)), to_text(stats_to_json(stats)));
  const auto shown = rounded(stats);
  EXPECT_EQ(read.types[0].completed_per_minute, shown.types[0].completed_per_minute);
  EXPECT_EQ(read.types[1].wait_seconds.p50, shown.types[1].wait_seconds.p50);
  EXPECT_EQ(read.types[1].wait_seconds.p99, shown.types[1].wait_seconds.p99);
}

TEST(AnswerJson, workers_and_log_lines_are_read_back_whole) {
  WorkerRecord worker{.name = "w", .host = "h", .pid = 7, .version = "1", .types = {"A", "B"}};
  worker.slots = 3;
  worker.started_at = worker.heartbeat_at = parse_time("2024-12-01T12:00:00Z");
  const auto json = worker_to_json(worker);
  EXPECT_EQ(to_text(worker_to_json(must(worker_from_json(sent(json))))), to_text(json));
  for (const auto level : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
    const auto line =
        log_line_to_json({.attempt = 1, .line = 2, .at = {}, .level = level, .text = "t"});
    EXPECT_EQ(to_text(log_line_to_json(must(log_line_from_json(sent(line))))), to_text(line));
  }
}

TEST(AnswerJson, what_a_newer_server_tells_beside_is_passed_by) {
  auto json = task_to_json(full_task()).as_object();
  json["more"] = 1;
  EXPECT_TRUE(task_from_json(json));
}

TEST(AnswerJson, an_answer_that_is_something_else_is_the_server_s_error_and_is_named) {
  EXPECT_EQ(error_of(task_from_json(JsonArray{})).code, ErrorCode::internal);
  for (const auto* name : {"task_id", "status", "attempt", "created_at"}) {
    for (const auto& wrong : {Json(nullptr), Json(JsonArray{}), Json("2024")}) {
      auto json = task_to_json(full_task()).as_object();
      json[name] = wrong;
      const auto error = error_of(task_from_json(json));
      EXPECT_EQ(error.code, ErrorCode::internal);
      EXPECT_NE(error.message.find(name), std::string::npos) << error.message;
    }
  }
  auto json = stats_to_json({.types = {{.type = "A"}}}).as_object();
  json["types"].as_array()[0].as_object().erase("run_seconds");
  EXPECT_NE(error_of(stats_from_json(json)).message.find("/types/0/run_seconds"),
            std::string::npos);
}

}  // namespace
}  // namespace esteira::api
