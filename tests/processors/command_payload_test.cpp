// What COMMAND_RUN takes as its payload and as its configuration.
#include <gtest/gtest.h>

#include "processor/payload_schema.hpp"
#include "processors/command_run/command_run.hpp"
#include "processors/command_run/payload.hpp"
#include "processors/fake_context.hpp"

namespace esteira::processors {
namespace {

using test::json;

CommandRunOptions two_commands() {
  return {.commands = {{"plain", {.program = "/bin/true"}},
                       {"open", {.program = "/bin/true", .allow_arguments = true}}}};
}

std::optional<test::Refusal> refusal_of(const Json& payload) {
  return test::refusal_of(CommandRunProcessor(two_commands()), payload);
}

TEST(CommandPayload, good_payloads_are_accepted_by_schema_and_processor) {
  const auto schema = PayloadSchema::compile(command_run_schema()).value();
  for (const auto* text : {R"({"command": "plain"})", R"({"command": "plain", "arguments": []})",
                           R"({"command": "plain", "arguments": {"any": ["thing", 1, null]}})",
                           R"({"command": "open", "arguments": ["a", "", "--x"]})"}) {
    EXPECT_TRUE(schema.check(json(text)).has_value()) << text;
    const auto refusal = refusal_of(json(text));
    EXPECT_FALSE(refusal.has_value()) << text << refusal->message;
  }
}

TEST(CommandPayload, what_is_wrong_is_pointed_at) {
  const std::vector<std::pair<std::string, std::string>> cases{
      {"[]", ""},
      {"null", ""},
      {"{}", "/command"},
      {R"({"command": 1})", "/command"},
      {R"({"command": ""})", "/command"},
      {R"({"command": "unknown"})", "/command"},
      {R"({"command": "/bin/true"})", "/command"},
      {R"({"command": "plain", "shell": true})", "/shell"},
      {R"({"command": "plain", "a/b~c": 1})", "/a~1b~0c"},
      {R"({"command": "plain", "arguments": ["a"]})", "/arguments"},
      {R"({"command": "plain", "arguments": "a"})", "/arguments"},
      {R"({"command": "open", "arguments": null})", "/arguments"},
      {R"({"command": "open", "arguments": ["a", 1]})", "/arguments/1"}};
  for (const auto& [text, pointer] : cases) {
    const auto refusal = refusal_of(json(text));
    ASSERT_TRUE(refusal.has_value()) << text;
    EXPECT_EQ(refusal->pointer, pointer) << text;
    EXPECT_FALSE(refusal->message.empty());
  }
}

TEST(CommandPayload, the_number_and_size_of_arguments_are_bounded) {
  const JsonArray many(arguments_max + 1, "a");
  EXPECT_EQ(refusal_of({{"command", "open"}, {"arguments", many}}).value().pointer, "/arguments");
  const JsonArray large(1, Json(boost::json::string(argument_bytes_max + 1, 'x')));
  EXPECT_EQ(refusal_of({{"command", "open"}, {"arguments", large}}).value().pointer,
            "/arguments/0");
}

TEST(CommandPayload, a_nul_in_an_argument_is_refused) {
  const JsonArray arguments(1, Json(boost::json::string(std::string_view("a\0b", 3))));
  EXPECT_EQ(refusal_of({{"command", "open"}, {"arguments", arguments}}).value().pointer,
            "/arguments/0");
}

TEST(CommandPayload, the_schema_states_the_limits_that_the_processor_keeps) {
  const auto properties = json(command_run_schema()).at("properties");
  EXPECT_EQ(properties.at("command").at("maxLength"), command_name_bytes_max);
  const auto& arguments = properties.at("arguments").at("oneOf").at(0);
  EXPECT_EQ(arguments.at("maxItems"), arguments_max);
  EXPECT_EQ(arguments.at("items").at("maxLength"), argument_bytes_max);
}

TEST(CommandOptions, good_ones_are_accepted) {
  EXPECT_TRUE(check_options(CommandRunOptions{}).has_value());
  EXPECT_TRUE(check_options(two_commands()).has_value());
}

TEST(CommandOptions, a_wrong_setting_is_named) {
  const Command good{.program = "/bin/true"};
  const auto message_of = [](const std::string& name, const Command& command) {
    const auto checked = check_options(CommandRunOptions{.commands = {{name, command}}});
    return checked ? std::string("accepted") : checked.error().message;
  };
  const auto changed = [&](const auto& change) {
    auto command = good;
    change(command);
    return message_of("it", command);
  };
  EXPECT_EQ(message_of("it", good), "accepted");
  for (const std::string& name :
       {std::string(), std::string("a b"), std::string("a/b"), std::string(101, 'a')}) {
    EXPECT_TRUE(message_of(name, good).starts_with("the name of a command")) << name;
  }
  const auto expect = [](const std::string& message, const std::string& setting) {
    EXPECT_TRUE(message.starts_with("command it: " + setting)) << message;
  };
  expect(changed([](Command& c) { c.program = "true"; }), "program");
  expect(changed([](Command& c) { c.program = ""; }), "program");
  expect(changed([](Command& c) { c.working_directory = "tmp"; }), "working_directory");
  expect(changed([](Command& c) { c.arguments = {std::string(1, '\0')}; }), "arguments");
  expect(changed([](Command& c) { c.environment = {{"A-B", "x"}}; }), "environment");
  expect(changed([](Command& c) { c.environment = {{"", "x"}}; }), "environment");
  expect(changed([](Command& c) { c.environment = {{"1A", "x"}}; }), "environment");
  expect(changed([](Command& c) { c.environment = {{"ESTEIRA_TASK_ID", "x"}}; }), "environment");
  expect(changed([](Command& c) { c.environment = {{"A", std::string(1, '\0')}}; }), "environment");
  expect(changed([](Command& c) { c.limits.timeout = Duration(-1); }), "timeout");
  expect(changed([](Command& c) { c.limits.stdout_bytes_max = 0; }), "stdout_bytes_max");
  expect(changed([](Command& c) { c.limits.stdout_bytes_max = std::size_t{1} << 30U; }),
         "stdout_bytes_max");
  expect(changed([](Command& c) { c.grace = Duration(-1); }), "grace");
}

}  // namespace
}  // namespace esteira::processors
