// What a processor answers, and where processors are found.
#include "esteira/processor.hpp"

#include <gtest/gtest.h>

#include "domain/limits.hpp"
#include "processor/payload_schema.hpp"
#include "support/expectations.hpp"

namespace esteira::test {
namespace {

using namespace std::chrono_literals;

// The result's alternative; fails the test where it is another.
template <class Alternative>
Alternative held_by(const TaskResult& result) {
  return std::get<Alternative>(result.value);
}

TEST(TaskResult, nothing_said_means_completed_with_null) {
  EXPECT_TRUE(held_by<TaskResult::Completed>(TaskResult{}).result.is_null());
  EXPECT_TRUE(held_by<TaskResult::Completed>(TaskResult::completed()).result.is_null());
}

TEST(TaskResult, a_plain_value_means_completed) {
  const auto process = []() -> TaskResult { return Json{{"sent", true}}; };
  EXPECT_EQ(held_by<TaskResult::Completed>(process()).result, Json({{"sent", true}}));
}

TEST(TaskResult, every_end_has_a_word) {
  const auto failure =
      held_by<TaskResult::Failed>(TaskResult::failed("no network", RetryAfter{30s}));
  EXPECT_EQ(failure.message, "no network");
  EXPECT_EQ(std::get<RetryAfter>(failure.retry).delay, 30s);
  const auto plain = held_by<TaskResult::Failed>(TaskResult::failed("no network"));
  EXPECT_TRUE(std::holds_alternative<RetryByPolicy>(plain.retry));
  EXPECT_EQ(held_by<TaskResult::Snoozed>(TaskResult::snoozed(5min)).delay, 5min);
  EXPECT_EQ(held_by<TaskResult::Cancelled>(TaskResult::cancelled("sold out")).reason, "sold out");
}

TEST(TaskResult, errors_carry_their_say_in_the_retry) {
  const TaskError error{"gone", RetryNever{}};
  EXPECT_STREQ(error.what(), "gone");
  EXPECT_TRUE(std::holds_alternative<RetryNever>(error.retry()));
  EXPECT_TRUE(std::holds_alternative<RetryByPolicy>(TaskError{"x"}.retry()));
  const InvalidPayload invalid{"is not a number", "/message_id"};
  EXPECT_STREQ(invalid.what(), "is not a number");
  EXPECT_EQ(invalid.pointer(), "/message_id");
  EXPECT_EQ(InvalidPayload{"x"}.pointer(), "");
}

// Says who it is in its description.
class Named : public BaseProcessor {
 public:
  Named(std::string type, std::string description)
      : type_(std::move(type)), description_(std::move(description)) {}
  [[nodiscard]] std::string_view task_type() const override { return type_; }
  [[nodiscard]] std::string_view description() const override { return description_; }
  Result process(const Task& task, ExecutionContext& /*context*/) override { return task.payload; }

 private:
  std::string type_;
  std::string description_;
};

TEST(ProcessorRegistry, a_processor_is_found_by_its_type) {
  ProcessorRegistry registry;
  EXPECT_EQ(registry.find("ALPHA"), nullptr);
  registry.add(std::make_shared<Named>("ALPHA", "first"));
  registry.add(std::make_shared<Named>("BETA", "second"));
  ASSERT_NE(registry.find("BETA"), nullptr);
  EXPECT_EQ(registry.find("BETA")->description(), "second");
  EXPECT_EQ(registry.find("beta"), nullptr);
  EXPECT_EQ(registry.find(""), nullptr);
  EXPECT_EQ(registry.all().size(), 2U);
}

TEST(ProcessorRegistry, the_later_of_one_type_replaces_the_earlier) {
  ProcessorRegistry registry;
  registry.add(std::make_shared<Named>("ALPHA", "first"));
  registry.add(std::make_shared<Named>("ALPHA", "second"));
  EXPECT_EQ(registry.all().size(), 1U);
  EXPECT_EQ(registry.find("ALPHA")->description(), "second");
}

TEST(BaseProcessor, its_defaults_ask_for_nothing) {
  Named processor{"ALPHA", ""};
  EXPECT_EQ(processor.payload_schema(), "");
  EXPECT_EQ(processor.batch_size(), 1);
  EXPECT_NO_THROW(processor.validate_payload(Json{}));
  EXPECT_TRUE(std::holds_alternative<UsePolicy>(processor.handle_failure({}, {})));
}

TEST(PayloadSchema, names_what_is_wrong_and_where) {
  const PayloadSchema schema = must(PayloadSchema::compile(R"({
    "type": "object", "required": ["id"],
    "properties": {"id": {"type": "integer"},
                   "a/b": {"type": "array", "items": {"type": "string"}}}})"));
  EXPECT_TRUE(schema.check(must(parse_json(R"({"id":1,"a/b":["x"]})"))));
  EXPECT_FALSE(schema.check(must(parse_json("[]"))));
  EXPECT_FALSE(schema.check(must(parse_json("{}"))));
  const auto answer = schema.check(must(parse_json(R"({"id":"x","a/b":["x",2]})")));
  const Error error = error_of(answer);
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  std::vector<std::string> pointers;
  pointers.reserve(error.fields.size());
  for (const FieldError& field : error.fields) pointers.push_back(field.pointer);
  EXPECT_NE(std::ranges::find(pointers, "/id"), pointers.end());
  EXPECT_NE(std::ranges::find(pointers, "/a~1b/1"), pointers.end());
}

TEST(PayloadSchema, a_schema_that_is_none_is_refused) {
  for (const char* text : {"", "{", "1", "[]", "\"x\"", R"({"type":"nonsense"})"}) {
    EXPECT_FALSE(PayloadSchema::compile(text)) << text;
  }
  EXPECT_TRUE(PayloadSchema::compile("{}"));
}

TEST(PayloadSchema, a_pattern_that_is_none_is_refused_with_its_place) {
  const auto answer =
      PayloadSchema::compile(R"({"properties": {"a/b": {"items": [{"pattern": "(["}]}}})");
  const Error error = error_of(answer);
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  EXPECT_EQ(error.fields.at(0).pointer, "/properties/a~1b/items/0/pattern");
  EXPECT_FALSE(PayloadSchema::compile(R"({"patternProperties": {"*": {}}})"));
}

// Matching recurses with each character: without a bound, a long text ends the process.
TEST(PayloadSchema, long_texts_meet_no_pattern) {
  const std::string text(limits::payload_bytes_max - 100, '1');
  const Json payload{{"text", text}};
  for (const char* schema : {R"({"properties": {"text": {"pattern": "^(1|2)*$"}}})",
                             R"({"properties": {"text": {"format": "date"}}})",
                             R"({"anyOf": [{"patternProperties": {"^t": {"type": "string"}}}]})"}) {
    const Error error = error_of(must(PayloadSchema::compile(schema)).check(payload));
    EXPECT_EQ(error.code, ErrorCode::invalid_argument) << schema;
    EXPECT_EQ(error.fields.at(0).pointer, "/text") << schema;
  }
  const Json long_key{{text, 1}};
  EXPECT_FALSE(must(PayloadSchema::compile(R"({"patternProperties": {"1": {}}})")).check(long_key));
  // A property of that name is no pattern.
  EXPECT_TRUE(must(PayloadSchema::compile(R"({"properties": {"pattern": {}, "format": {}}})"))
                  .check(payload));
  const Json short_enough{{"text", std::string(limits::pattern_text_bytes_max, '1')}};
  EXPECT_TRUE(must(PayloadSchema::compile(R"({"properties": {"text": {"pattern": "^(1|2)*$"}}})"))
                  .check(short_enough));
}

}  // namespace
}  // namespace esteira::test
