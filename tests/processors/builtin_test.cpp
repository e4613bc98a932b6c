#include "processors/builtin.hpp"

#include <gtest/gtest.h>

#include "processor/payload_schema.hpp"
#include "processors/fake_context.hpp"
#include "processors/noop/noop.hpp"

namespace esteira::processors {
namespace {

using test::FakeContext;
using test::json;
using test::make_task;

TEST(Builtin, every_type_has_a_processor_and_a_description) {
  ProcessorRegistry registry;
  add_builtin(registry, {});
  EXPECT_EQ(registry.all().size(), 3U);
  for (const auto* type : {"NOOP", "HTTP_REQUEST", "COMMAND_RUN"}) {
    const auto* processor = registry.find(type);
    ASSERT_NE(processor, nullptr) << type;
    EXPECT_EQ(processor->task_type(), type);
    EXPECT_FALSE(processor->description().empty()) << type;
  }
}

TEST(Builtin, known_types_are_described_and_have_no_processor_yet) {
  ProcessorRegistry registry;
  add_builtin(registry, {});
  EXPECT_FALSE(known_types().empty());
  for (const auto& type : known_types()) {
    EXPECT_FALSE(type.description.empty()) << type.name;
    EXPECT_EQ(registry.find(type.name), nullptr) << type.name;
  }
}

TEST(Builtin, every_schema_is_usable_and_refuses_unknown_fields) {
  ProcessorRegistry registry;
  add_builtin(registry, {});
  for (const auto& processor : registry.all()) {
    if (processor->payload_schema().empty()) continue;
    const auto schema = PayloadSchema::compile(processor->payload_schema());
    ASSERT_TRUE(schema.has_value()) << processor->task_type() << ": " << schema.error().message;
    const auto checked =
        schema->check(json(R"({"url": "https://example.com", "command": "x", "other": 1})"));
    EXPECT_FALSE(checked.has_value()) << processor->task_type();
  }
}

TEST(Noop, it_returns_its_payload) {
  NoopProcessor processor;
  for (const auto* text : {"null", "{}", R"({"a":[1,2.5,"ç"]})", "\"text\""}) {
    const auto payload = json(text);
    EXPECT_FALSE(test::refusal_of(processor, payload));
    FakeContext context;
    const auto ending = test::ending_of(processor.process(make_task(payload), context));
    EXPECT_TRUE(ending.completed);
    EXPECT_EQ(ending.result, payload);
  }
}

}  // namespace
}  // namespace esteira::processors
