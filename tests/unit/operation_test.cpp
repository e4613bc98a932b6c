// Operations as data: when one ends, what counts, and the bodies that speak of them and of edits.
#include <gtest/gtest.h>

#include "api/operation_json.hpp"
#include "api/task_edit_json.hpp"
#include "domain/limits.hpp"
#include "repository/bulk.hpp"
#include "support/expectations.hpp"

namespace esteira {
namespace {

using esteira::test::error_of;
using esteira::test::must;
using namespace std::chrono_literals;

const Time noon = parse_time("2026-03-01T12:00:00Z");

TEST(OperationRules, an_operation_runs_until_all_that_matched_is_done) {
  Operation operation = must(new_operation(BulkAction::cancel, {}, 3, noon));
  EXPECT_EQ(operation.status, OperationStatus::running);
  count_batch(operation, std::vector{ChangeStatus::applied, ChangeStatus::wrong_status}, noon + 1s);
  EXPECT_EQ(operation.status, OperationStatus::running);
  EXPECT_FALSE(operation.completed_at);
  count_batch(operation, std::vector{ChangeStatus::requested}, noon + 2s);
  EXPECT_EQ(operation.status, OperationStatus::completed);
  EXPECT_EQ(operation.completed_at, noon + 2s);
  EXPECT_EQ(operation.done, 3);
  EXPECT_EQ(operation.applied, 2);
  EXPECT_EQ(operation.skipped, 1);
}

TEST(OperationRules, what_is_gone_or_held_by_another_counts_as_skipped) {
  Operation operation = must(new_operation(BulkAction::retry, {}, 2, noon));
  count_batch(operation, std::vector{ChangeStatus::not_found, ChangeStatus::unique_conflict}, noon);
  EXPECT_EQ(operation.skipped, 2);
}

TEST(OperationRules, one_without_tasks_has_ended_and_one_with_too_many_does_not_begin) {
  const Operation empty = must(new_operation(BulkAction::remove, {}, 0, noon));
  EXPECT_EQ(empty.status, OperationStatus::completed);
  EXPECT_EQ(empty.completed_at, noon);
  EXPECT_TRUE(new_operation(BulkAction::remove, {}, limits::operation_tasks_max, noon));
  EXPECT_EQ(
      error_of(new_operation(BulkAction::remove, {}, limits::operation_tasks_max + 1, noon)).code,
      ErrorCode::invalid_argument);
}

TEST(OperationRules, every_name_is_read_back) {
  for (const auto action : {BulkAction::cancel, BulkAction::retry, BulkAction::remove}) {
    EXPECT_EQ(must(parse_bulk_action(to_text(action))), action);
  }
  for (const auto status :
       {OperationStatus::running, OperationStatus::completed, OperationStatus::failed}) {
    EXPECT_EQ(must(parse_operation_status(to_text(status))), status);
  }
  EXPECT_EQ(error_of(parse_bulk_action("explode")).code, ErrorCode::invalid_argument);
}

TEST(BulkCallJson, all_tasks_must_be_said) {
  const auto read = [](std::string_view text) {
    return api::bulk_call_from_json(must(parse_json(text)));
  };
  EXPECT_EQ(must(read(R"({"action":"delete","filter":{}})")).filter, OperationFilter{});
  EXPECT_FALSE(read(R"({"action":"delete"})"));
  EXPECT_FALSE(read(R"({"action":"delete","filter":null})"));
  EXPECT_FALSE(read(R"({"action":"delete","filter":{"tag":null}})"));
  const auto call = must(read(R"({"action":"retry","filter":{"status":"FAILED","created_before":)"
                              R"("2026-03-01T12:00:00Z"}})"));
  EXPECT_EQ(call.action, BulkAction::retry);
  EXPECT_EQ(call.filter, (OperationFilter{.status = TaskStatus::failed, .created_before = noon}));
}

TEST(TaskEditJson, null_is_due_now_or_a_payload_and_nothing_else) {
  const auto read = [](std::string_view text) {
    return api::task_edit_from_json(must(parse_json(text)));
  };
  const auto edit = must(read(R"({"payload":null,"scheduled_for":null})"));
  EXPECT_EQ(edit.payload, Json(nullptr));
  EXPECT_TRUE(edit.due_now);
  EXPECT_FALSE(edit.priority || edit.tags || edit.scheduled_for);
  const auto later = must(read(R"({"scheduled_for":"2026-03-01T12:00:00Z","tags":[]})"));
  EXPECT_EQ(later.scheduled_for, noon);
  EXPECT_FALSE(later.due_now);
  EXPECT_EQ(later.tags, std::vector<std::string>{});
  for (const auto* body : {"{}", R"({"priority":null})", R"({"tags":null})", "[]", R"({"x":1})"}) {
    EXPECT_EQ(error_of(read(body)).code, ErrorCode::invalid_argument) << body;
  }
}

TEST(TaskEditJson, the_trail_gets_what_changed_and_no_payload) {
  Task before;
  before.payload = Json({{"secret", "old"}});
  Task after = before;
  after.payload = Json({{"secret", "new"}});
  after.priority = 3;
  const auto audited = api::audited(before, after);
  for (const auto& text : {audited.before, audited.after}) {
    const auto json = must(parse_json(text));
    EXPECT_EQ(json.get_object().size(), 2U) << text;
    EXPECT_TRUE(json.get_object().contains("priority"));
    EXPECT_TRUE(json.get_object().at("payload").get_object().contains("sha256"));
    EXPECT_EQ(text.find("secret"), std::string::npos);
  }
  EXPECT_NE(audited.before, audited.after);
}

}  // namespace
}  // namespace esteira
