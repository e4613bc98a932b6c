#include "esteira/json.hpp"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "support/expectations.hpp"

namespace esteira::test {
namespace {

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST(JsonDoor, good_documents_come_back_as_they_were) {
  for (const std::string text :
       {"null", "true", "false", "0", "-1", "12.34", "\"\"", "\"a\"", "[]", "{}", "[1,2,3]",
        R"({"a":{"b":[null,true,"x"]}})", R"("é€😀")", R"("\"\\\n\t\r")", "9223372036854775807",
        "-9223372036854775808", "18446744073709551615"}) {
    const auto value = parse_json(text);
    ASSERT_TRUE(value) << text << ": " << value.error().message;
    EXPECT_EQ(to_text(*value), text);
    EXPECT_TRUE(check_json(*value)) << text;
  }
}

TEST(JsonDoor, white_space_around_is_no_content) {
  EXPECT_EQ(must(parse_json(" \n\t{ \"a\" : 1 }\r\n ")), Json({{"a", 1}}));
}

TEST(JsonDoor, escapes_are_characters) {
  EXPECT_EQ(must(parse_json(R"("\u00e9\u20ac\ud83d\ude00\/")")), Json("é€😀/"));
}

TEST(JsonDoor, bad_documents_are_refused) {
  for (const std::string& text : std::vector<std::string>{"",
                                                          " ",
                                                          "{",
                                                          "[",
                                                          "[1,]",
                                                          "{\"a\":}",
                                                          "{a:1}",
                                                          "'a'",
                                                          "nul",
                                                          "NaN",
                                                          "Infinity",
                                                          "-",
                                                          "01",
                                                          "+1",
                                                          "1.",
                                                          ".5",
                                                          "1e",
                                                          "\"",
                                                          "\"\\x\"",
                                                          "\"\n\"",
                                                          "[1] [2]",
                                                          "1 2",
                                                          "{}x",
                                                          "[]]",
                                                          "// comment\n1",
                                                          "/**/1",
                                                          "\xEF\xBB\xBF{}"}) {
    const auto value = parse_json(text);
    ASSERT_FALSE(value) << text;
    EXPECT_EQ(value.error().code, ErrorCode::invalid_argument) << text;
    EXPECT_FALSE(value.error().message.empty());
  }
}

TEST(JsonDoor, depth_has_its_limit) {
  EXPECT_TRUE(parse_json(nested(64)));
  EXPECT_FALSE(parse_json(nested(65)));
  EXPECT_FALSE(parse_json(nested(100'000)));
  std::string objects;
  for (int depth = 0; depth < 65; ++depth) objects += R"({"a":)";
  EXPECT_FALSE(parse_json(objects + "1" + std::string(65, '}')));
  EXPECT_TRUE(parse_json(nested(3), {.depth_max = 3}));
  EXPECT_FALSE(parse_json(nested(4), {.depth_max = 3}));
}

TEST(JsonDoor, size_has_its_limit) {
  const std::string largest = '"' + std::string(1024 * 1024 - 2, 'x') + '"';
  EXPECT_TRUE(parse_json(largest));
  EXPECT_FALSE(parse_json(largest + " "));
  EXPECT_FALSE(parse_json("[1,2,3]", {.bytes_max = 6}));
  EXPECT_TRUE(parse_json("[1,2,3]", {.bytes_max = 7}));
}

TEST(JsonDoor, a_nul_is_refused_in_every_form) {
  for (const std::string& text :
       {std::string{"\"a\0b\"", 5}, std::string{R"("a\u0000b")"}, std::string{R"({"a\u0000":1})"},
        std::string{R"({"a":["\u0000"]})"}, std::string{"1\0", 2}, std::string{"\0", 1}}) {
    EXPECT_FALSE(parse_json(text)) << text;
  }
  EXPECT_TRUE(parse_json(R"("\\u0000")")) << "an escaped backslash is none";
}

TEST(JsonDoor, lone_surrogates_are_refused) {
  for (const char* text :
       {R"("\ud800")", R"("\udc00")", R"("\ud83dx")", R"("\ud83d\u0041")", R"("\ude00\ud83d")",
        R"({"\udfff":1})", R"("\uD800\uD800")", R"("\ud800\n")", R"({"\uDBFF":1})"}) {
    const auto parsed = parse_json(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_NE(parsed.error().message.find("half of a surrogate pair"), std::string::npos)
        << text << ": " << parsed.error().message;
  }
}

TEST(JsonDoor, bad_utf8_is_refused) {
  for (const char* bytes :
       {"\xFF", "\xC0\xAF", "\xC1\x81", "\xE0\x80\xAF", "\xF0\x80\x80\xAF", "\xED\xA0\x80",
        "\xED\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xC3", "\xE2\x82", "\x80"}) {
    const std::string text = '"' + std::string{bytes} + '"';
    EXPECT_FALSE(parse_json(text)) << text;
    EXPECT_FALSE(parse_json("{" + text + ":1}")) << text;
  }
}

TEST(JsonDoor, numbers_beyond_all_bounds_are_refused) {
  for (const char* text : {"1e400", "-1e400", "[1e309]", "1e99999999999"}) {
    EXPECT_FALSE(parse_json(text)) << text;
  }
  EXPECT_TRUE(parse_json("1e308"));
  EXPECT_TRUE(parse_json("1e-400")) << "too small is zero";
}

TEST(JsonDoor, whole_numbers_keep_all_their_digits) {
  EXPECT_EQ(must(parse_json("9223372036854775807")).as_int64(),
            std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(must(parse_json("-9223372036854775808")).as_int64(),
            std::numeric_limits<std::int64_t>::min());
  EXPECT_EQ(must(parse_json("18446744073709551615")).as_uint64(),
            std::numeric_limits<std::uint64_t>::max());
  EXPECT_TRUE(must(parse_json("18446744073709551616")).is_double());
  EXPECT_TRUE(must(parse_json("1.0")).is_double());
}

TEST(JsonDoor, duplicate_keys_are_refused) {
  for (const char* text : {R"({"a":1,"a":2})", R"({"x":{"a":1,"b":2,"a":1}})",
                           R"([{"a":1,"\u0061":2}])", R"({"":1,"":2})"}) {
    EXPECT_FALSE(parse_json(text)) << text;
  }
  EXPECT_TRUE(parse_json(R"({"a":{"a":{"a":1}},"b":{"a":1}})"));
  EXPECT_TRUE(parse_json(R"([{"a":1},{"a":1}])"));
  EXPECT_TRUE(parse_json(R"({"a":1,"A":2})"));
}

TEST(JsonDoor, duplicates_among_many_keys_are_found) {
  std::string text = "{";
  for (int key = 0; key < 20'000; ++key) text += "\"k" + std::to_string(key) + "\":1,";
  EXPECT_TRUE(parse_json(text + R"("last":1})"));
  EXPECT_FALSE(parse_json(text + R"("k17":1})"));
}

TEST(JsonText, doubles_are_written_shortest_and_plain) {
  struct Row {
    double number;
    const char* text;
  };
  for (const Row& row : std::vector<Row>{{12.34, "12.34"},
                                         {0.1, "0.1"},
                                         {-0.5, "-0.5"},
                                         {100.0, "100.0"},
                                         {1e16, "10000000000000000.0"},
                                         {0.00001, "0.00001"},
                                         {1.0 / 3.0, "0.3333333333333333"},
                                         {123456789.123, "123456789.123"},
                                         {0.0, "0.0"}}) {
    EXPECT_EQ(to_text(Json(row.number)), row.text);
  }
}

TEST(JsonText, every_double_comes_back_as_itself) {
  for (const double number : {0.0, -0.0, 1.0, -1.0, 0.1, 1e-7, 5e-324, 2.2250738585072014e-308,
                              1e17, 1e21, 1e300, std::numeric_limits<double>::max(),
                              std::numeric_limits<double>::min(), M_PI, 4.35, 9.995}) {
    const Json read = must(parse_json(to_text(Json(number))));
    ASSERT_TRUE(read.is_double()) << to_text(Json(number));
    EXPECT_EQ(read.as_double(), number);
    EXPECT_EQ(std::signbit(read.as_double()), std::signbit(number));
  }
}

TEST(JsonText, a_number_is_the_double_nearest_to_its_digits) {
  const std::vector<std::string> numbers{"19E39",
                                         "-19e39",
                                         "1.7976931348623157e308",
                                         "4.9e-324",
                                         "1e-400",
                                         "-1e-400",
                                         "1e23",
                                         "8.5E37",
                                         "0.30000000000000004",
                                         "12345678.90123456789",
                                         "5e-1",
                                         "-0.125e+2",
                                         "0.00000000000000000000000000000001e32"};
  for (const auto& number : numbers) {
    const auto value = parse_json(number);
    ASSERT_TRUE(value.has_value()) << number;
    EXPECT_EQ(value->as_double(), std::strtod(number.c_str(), nullptr)) << number;
  }
}

TEST(JsonText, control_characters_are_escaped) {
  EXPECT_EQ(to_text(Json("\x01\x1F")), "\"\\u0001\\u001f\"");
  EXPECT_EQ(must(parse_json(to_text(Json("\x01\n\x1F\x7F")))), Json("\x01\n\x1F\x7F"));
}

TEST(JsonText, escapes_stand_anywhere_in_a_text) {
  const std::string special = "\"\\\n\r\t\x01";
  for (const char one : special) {
    for (const std::string& text :
         {std::string{one}, "ab" + std::string{one}, one + std::string("ab"),
          "a" + std::string(3, one) + "é" + one}) {
      EXPECT_EQ(must(parse_json(to_text(Json(text)))), Json(text)) << text;
    }
  }
  EXPECT_EQ(to_text(Json("a\"b\\c\nd")), R"("a\"b\\c\nd")");
}

TEST(JsonText, the_pretty_form_reads_the_same) {
  const Json value = must(parse_json(R"({"a":[1,{"b":[]},{}],"c":"d"})"));
  EXPECT_EQ(must(parse_json(to_pretty_text(value))), value);
  EXPECT_EQ(to_pretty_text(Json({{"a", {1, 2}}})), "{\n  \"a\": [\n    1,\n    2\n  ]\n}");
}

TEST(JsonCheck, values_made_by_hand_are_checked_too) {
  EXPECT_FALSE(check_json(Json(std::numeric_limits<double>::infinity())));
  EXPECT_FALSE(check_json(Json(std::numeric_limits<double>::quiet_NaN())));
  EXPECT_FALSE(check_json(Json({{"a", {std::string("x\0y", 3)}}})));
  EXPECT_FALSE(check_json(Json({{std::string("x\0y", 3), 1}})));
  EXPECT_FALSE(check_json(Json("\xFF")));
  Json deep;
  for (int depth = 0; depth < 64; ++depth) deep = JsonArray{deep};
  EXPECT_TRUE(check_json(deep));
  deep = JsonArray{deep};
  EXPECT_FALSE(check_json(deep));
}

}  // namespace
}  // namespace esteira::test
