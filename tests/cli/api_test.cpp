#include <gtest/gtest.h>

#include "api/new_task_json.hpp"
#include "api/task_json.hpp"
#include "support/expectations.hpp"

namespace esteira::api {
namespace {

using esteira::test::error_of;
using esteira::test::must;
using namespace std::chrono_literals;

Expected<NewTask> read(std::string_view text, IdempotencyKey where = IdempotencyKey::in_body) {
  return new_task_from_json(must(parse_json(text)), where);
}

std::vector<std::string> wrong_places(std::string_view text) {
  std::vector<std::string> pointers;
  const auto error = error_of(read(text));
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  for (const auto& field : error.fields) {
    EXPECT_FALSE(field.message.empty());
    pointers.push_back(field.pointer);
  }
  return pointers;
}

using Places = std::vector<std::string>;

TEST(NewTaskJson, the_smallest_body_takes_every_default) {
  const auto task = must(read(R"({"type": "NOOP", "payload": null})"));
  EXPECT_EQ(task.type, "NOOP");
  EXPECT_TRUE(task.payload.is_null());
  EXPECT_EQ(task.options.priority, 0);
  EXPECT_FALSE(task.options.scheduled_for || task.options.max_retries || task.options.unique_key ||
               task.options.idempotency_key || task.options.timeout);
  EXPECT_TRUE(task.options.tags.empty());
}

TEST(NewTaskJson, every_field_is_read) {
  const auto task = must(read(R"({"type": "NOOP", "payload": {"a": [1]}, "priority": -3,
      "scheduled_for": "2024-12-25T00:00:00-03:00", "max_retries": 7, "unique_key": "u",
      "tags": ["a", "b"], "timeout_seconds": 1.5, "idempotency_key": "i"})"));
  EXPECT_EQ(to_text(task.payload), R"({"a":[1]})");
  EXPECT_EQ(task.options.priority, -3);
  EXPECT_EQ(task.options.scheduled_for, parse_time("2024-12-25T03:00:00Z"));
  EXPECT_EQ(task.options.max_retries, 7);
  EXPECT_EQ(task.options.unique_key, "u");
  EXPECT_EQ(task.options.idempotency_key, "i");
  EXPECT_EQ(task.options.tags, (Places{"a", "b"}));
  EXPECT_EQ(task.options.timeout, 1500ms);
}

TEST(NewTaskJson, a_unique_key_is_read_and_written_with_all_that_is_said_of_it) {
  for (
      const auto* body :
      {R"({"type":"NOOP","payload":1,"unique":{"key":"k","scope":"window","on_conflict":"return","seconds":90}})",
       R"({"type":"NOOP","payload":1,"unique":{"key":"k","scope":"waiting","on_conflict":"replace"}})",
       R"({"type":"NOOP","payload":1,"unique_key":"k"})"}) {
    const auto task = must(read(body));
    EXPECT_EQ(task.options.unique_key, "k");
    EXPECT_EQ(to_text(new_task_to_json(task, IdempotencyKey::in_body)), body);
  }
  const auto task = must(read(R"({"type":"NOOP","payload":1,"unique":{"key":"k"}})"));
  EXPECT_EQ(task.options.unique_scope, UniqueScope::active);
  EXPECT_EQ(task.options.on_conflict, OnConflict::refuse);
}

TEST(NewTaskJson, what_is_wrong_with_a_unique_key_is_told_with_its_place) {
  const auto places = [](std::string_view unique) {
    return wrong_places(R"({"type":"NOOP","payload":1,"unique":)" + std::string(unique) + "}");
  };
  EXPECT_EQ(places("7"), (Places{"/unique"}));
  EXPECT_EQ(places("{}"), (Places{"/unique/key"}));
  EXPECT_EQ(places(R"({"key":"k","scope":"ever","on_conflict":1,"more":2})"),
            (Places{"/unique/scope", "/unique/on_conflict", "/unique/more"}));
  EXPECT_EQ(wrong_places(R"({"type":"NOOP","payload":1,"unique_key":"k","unique":{"key":"k"}})"),
            (Places{"/unique_key"}));
}

TEST(NewTaskJson, an_expiry_is_a_time_or_a_delay) {
  const auto at = must(read(R"({"type":"NOOP","payload":1,"expires_at":"2034-12-25T00:00:00Z"})"));
  EXPECT_EQ(at.options.expires_at, parse_time("2034-12-25T00:00:00Z"));
  const auto in = must(read(R"({"type":"NOOP","payload":1,"expires_at":"+90s"})"));
  EXPECT_EQ(in.options.expires_in, 90s);
  for (const auto& task : {at, in}) {
    const auto sent = to_text(new_task_to_json(task, IdempotencyKey::in_body));
    EXPECT_EQ(must(read(sent)).options.expires_at, task.options.expires_at);
    EXPECT_EQ(must(read(sent)).options.expires_in, task.options.expires_in);
  }
  EXPECT_EQ(wrong_places(R"({"type":"NOOP","payload":1,"expires_at":"soon"})"),
            (Places{"/expires_at"}));
}

TEST(NewTaskJson, a_schedule_may_be_a_delay) {
  const auto task = must(read(R"({"type": "NOOP", "payload": 1, "scheduled_for": "+1.5s"})"));
  EXPECT_EQ(task.options.scheduled_in, 1500ms);
  EXPECT_FALSE(task.options.scheduled_for);
  for (const auto* wrong : {"+", "+soon", "+-1s", "1s", "+99999d"}) {
    EXPECT_EQ(wrong_places(R"({"type": "NOOP", "payload": 1, "scheduled_for": ")" +
                           std::string(wrong) + R"("})"),
              Places{"/scheduled_for"})
        << wrong;
  }
}

TEST(NewTaskJson, what_is_written_is_read_back) {
  NewTask task{.type = "NOOP", .payload = must(parse_json(R"({"a":[1.0,"ü"]})"))};
  EXPECT_EQ(to_text(new_task_to_json(task, IdempotencyKey::in_body)),
            R"({"type":"NOOP","payload":{"a":[1.0,"ü"]}})");
  task.options = {.priority = -3,
                  .scheduled_for = parse_time("2024-12-25T00:00:00.000001Z"),
                  .max_retries = 0,
                  .unique_key = "u",
                  .idempotency_key = "i",
                  .tags = {"a", "b"},
                  .timeout = 1500ms};
  const auto text = to_text(new_task_to_json(task, IdempotencyKey::in_body));
  const auto back = must(read(text));
  EXPECT_EQ(to_text(new_task_to_json(back, IdempotencyKey::in_body)), text);
  EXPECT_EQ(back.options.scheduled_for, task.options.scheduled_for);
  EXPECT_EQ(back.options.timeout, task.options.timeout);
  EXPECT_EQ(back.options.idempotency_key, "i");
  EXPECT_TRUE(read(to_text(new_task_to_json(task, IdempotencyKey::not_in_body)),
                   IdempotencyKey::not_in_body));
  for (const Duration delay : {Duration{0}, Duration{1}, Duration{90'500'000}}) {
    NewTask later{.type = "NOOP", .options = {.scheduled_in = delay}};
    const auto body = to_text(new_task_to_json(later, IdempotencyKey::in_body));
    EXPECT_EQ(must(read(body)).options.scheduled_in, delay) << body;
  }
}

TEST(NewTaskJson, null_is_as_good_as_absent) {
  const auto task = must(read(R"({"type": "NOOP", "payload": 1, "priority": null, "tags": null,
      "scheduled_for": null, "unique_key": null, "timeout_seconds": null})"));
  EXPECT_EQ(task.options.priority, 0);
  EXPECT_TRUE(task.options.tags.empty());
}

TEST(NewTaskJson, what_is_wrong_is_named_all_at_once) {
  EXPECT_EQ(wrong_places("[]"), Places{""});
  EXPECT_EQ(wrong_places("{}"), (Places{"/type", "/payload"}));
  EXPECT_EQ(wrong_places(R"({"type": "noop", "payload": 1})"), Places{"/type"});
  EXPECT_EQ(wrong_places(R"({"type": 1, "payload": 1, "priority": 1.5, "max_retries": "3",
      "scheduled_for": "tomorrow", "unique_key": 1, "tags": "a", "timeout_seconds": "1",
      "idempotency_key": []})"),
            (Places{"/type", "/priority", "/scheduled_for", "/max_retries", "/unique_key", "/tags",
                    "/timeout_seconds", "/idempotency_key"}));
  EXPECT_EQ(wrong_places(R"({"type": "NOOP", "payload": 1, "tags": ["a", 2, 3]})"),
            Places{"/tags/1"});
}

TEST(NewTaskJson, numbers_out_of_range_are_refused) {
  EXPECT_EQ(wrong_places(R"({"type": "NOOP", "payload": 1, "priority": 99999999999})"),
            Places{"/priority"});
  EXPECT_EQ(wrong_places(R"({"type": "NOOP", "payload": 1, "timeout_seconds": -1})"),
            Places{"/timeout_seconds"});
  EXPECT_EQ(wrong_places(R"({"type": "NOOP", "payload": 1, "timeout_seconds": 1e300})"),
            Places{"/timeout_seconds"});
}

TEST(NewTaskJson, an_unknown_field_is_refused_by_name) {
  EXPECT_EQ(wrong_places(R"({"type": "NOOP", "payload": 1, "prioritty": 1, "a/b~c": 1})"),
            (Places{"/prioritty", "/a~1b~0c"}));
}

TEST(NewTaskJson, over_http_the_idempotency_key_is_a_header) {
  const auto* text = R"({"type": "NOOP", "payload": 1, "idempotency_key": "i"})";
  EXPECT_TRUE(read(text));
  const auto error = error_of(read(text, IdempotencyKey::not_in_body));
  EXPECT_EQ(error.fields.front().pointer, "/idempotency_key");
}

TEST(TaskJson, a_task_has_the_fields_of_the_interface_in_their_order) {
  Task task;
  task.task_id = 42;
  task.type = "MESSAGE_SEND";
  task.priority = 1;
  task.payload = JsonObject{{"message_id", 123}, {"channel", "whatsapp"}};
  task.scheduled_for = parse_time("2024-12-25T00:00:00Z");
  task.created_at = parse_time("2024-12-01T12:00:00Z");
  EXPECT_EQ(
      to_text(task_to_json(task)),
      R"({"task_id":42,"type":"MESSAGE_SEND","status":"PENDING","priority":1,"retries":0,)"
      R"("max_retries":3,"attempt":0,"payload":{"message_id":123,"channel":"whatsapp"},)"
      R"("result":null,"error_message":null,"scheduled_for":"2024-12-25T00:00:00Z",)"
      R"("started_at":null,"completed_at":null,"created_at":"2024-12-01T12:00:00Z",)"
      R"("updated_at":null,"crashes":0,"progress":null,"tags":[],"unique_key":null,)"
      R"("worker":null,"unique_scope":null,"expires_at":null,"depends_on":[],"batch_id":null,"rate_cost":1,)"
      R"("encrypted":false,"unreadable":null})");
}

TEST(TaskJson, a_unique_key_is_shown_with_its_scope_and_an_expiry_as_a_time) {
  Task task;
  task.unique_key = "k";
  task.unique_scope = UniqueScope::window;
  task.expires_at = parse_time("2024-12-25T00:00:00Z");
  const auto json = task_to_json(task).as_object();
  EXPECT_EQ(json.at("unique_scope"), Json("window"));
  EXPECT_EQ(json.at("expires_at"), Json("2024-12-25T00:00:00Z"));
}

TEST(TaskJson, an_execution_has_the_fields_of_the_interface_in_their_order) {
  Execution execution;
  execution.execution_id = 65537;
  execution.task_id = 1;
  execution.attempt = 1;
  execution.started_at = parse_time("2024-12-01T12:00:00Z");
  EXPECT_EQ(to_text(execution_to_json(execution)),
            R"({"execution_id":65537,"task_id":1,"attempt":1,"status":"PROCESSING",)"
            R"("started_at":"2024-12-01T12:00:00Z","completed_at":null,"error_message":null,)"
            R"("metadata":null})");
}

TEST(TaskJson, statistics_have_the_fields_of_the_interface_in_their_order) {
  Stats stats;
  stats.generated_at = parse_time("2024-12-01T12:00:00Z");
  stats.by_status = {1, 2, 3, 4, 5};
  stats.types.push_back({.type = "NOOP", .pending = 6, .wait_seconds = {.p50 = 0.0015004}});
  EXPECT_EQ(to_text(stats_to_json(stats)),
            R"({"generated_at":"2024-12-01T12:00:00Z","by_status":{"PENDING":1,"PROCESSING":2,)"
            R"("COMPLETED":3,"FAILED":4,"CANCELLED":5},"types":[{"type":"NOOP","pending":6,)"
            R"("ready":0,"processing":0,"oldest_waiting_seconds":0.0,"completed_per_minute":0.0,)"
            R"("failed_per_minute":0.0,"failure_rate":0.0,)"
            R"("wait_seconds":{"p50":0.0015,"p95":0.0,"p99":0.0},)"
            R"("run_seconds":{"p50":0.0,"p95":0.0,"p99":0.0}}]})");
}

TEST(TaskJson, a_type_s_schema_is_shown_as_json_and_its_lengths_in_seconds) {
  TaskType type;
  type.name = "NOOP";
  type.timeout = 1500ms;
  type.payload_schema = R"({"type": "object"})";
  const auto json = type_to_json(type);
  EXPECT_EQ(json.at("timeout_seconds"), 1.5);
  EXPECT_EQ(json.at("back_off").at("base_seconds"), 5);
  EXPECT_EQ(json.at("payload_schema").at("type"), "object");
  EXPECT_EQ(json.at("retention").at("completed_seconds"), 7 * 24 * 3600);
  type.payload_schema.clear();
  EXPECT_TRUE(type_to_json(type).at("payload_schema").is_null());
}

}  // namespace
}  // namespace esteira::api
