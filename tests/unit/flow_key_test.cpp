#include "domain/flow_key.hpp"

#include <gtest/gtest.h>

namespace esteira {
namespace {

std::string key_of(std::string_view pointer, std::string_view payload) {
  const auto key = flow_key_of(pointer, parse_json(payload).value());
  return key ? *key : "refused " + key.error().fields.at(0).pointer;
}

TEST(FlowKey, is_the_text_number_or_truth_value_at_its_pointer) {
  EXPECT_EQ(key_of("/a", R"({"a":"São Paulo"})"), "São Paulo");
  EXPECT_EQ(key_of("/a", R"({"a":-12345678901234567})"), "-12345678901234567");
  EXPECT_EQ(key_of("/a", R"({"a":18446744073709551615})"), "18446744073709551615");
  EXPECT_EQ(key_of("/a", R"({"a":true})"), "true");
  EXPECT_EQ(key_of("/a/b/1", R"({"a":{"b":["x","y"]}})"), "y");
  EXPECT_EQ(key_of("/a~1b~0c", R"({"a/b~c":"z"})"), "z");
  EXPECT_EQ(key_of("/ ", R"({" ":"blank"})"), "blank");
}

TEST(FlowKey, of_nothing_is_empty) {
  for (const auto* payload : {"{}", R"({"a":null})", R"({"a":""})", "7", "[]", "null"}) {
    EXPECT_EQ(key_of("/a", payload), "") << payload;
  }
  EXPECT_EQ(key_of("/a/7", R"({"a":["x"]})"), "");
}

TEST(FlowKey, refuses_what_is_no_key) {
  EXPECT_EQ(key_of("/a", R"({"a":1.5})"), "refused /a");
  EXPECT_EQ(key_of("/a/b", R"({"a":{"b":{}}})"), "refused /a/b");
  EXPECT_EQ(key_of("/a", R"({"a":[]})"), "refused /a");
  EXPECT_EQ(key_of("/a", R"({"a":")" + std::string(255, 'x') + "\"}"), std::string(255, 'x'));
  EXPECT_EQ(key_of("/a", R"({"a":")" + std::string(256, 'x') + "\"}"), "refused /a");
}

TEST(FlowKey, a_pointer_begins_with_a_slash_and_escapes_its_tildes) {
  for (const auto* good : {"/a", "/a/0/b", "/a~0~1", "/á"}) EXPECT_TRUE(check_flow_pointer(good));
  for (const auto* bad : {"", "/", "a", "a/b", "/a~", "/a~2", "/\xff"}) {
    EXPECT_FALSE(check_flow_pointer(bad)) << bad;
  }
}

}  // namespace
}  // namespace esteira
