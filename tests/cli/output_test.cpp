#include "cli/output.hpp"

#include <gtest/gtest.h>

#include "cli/progress.hpp"

namespace esteira::cli {
namespace {

using namespace std::chrono_literals;

TEST(Output, text_from_elsewhere_can_not_drive_the_terminal) {
  EXPECT_EQ(printable("red \x1b[31m"), "red �[31m");
  EXPECT_EQ(printable("a\nb\tc\rd"), "a b c d");
  EXPECT_EQ(printable(std::string("nul\0.", 5)), "nul�.");
  EXPECT_EQ(printable("\xc2\x9b"), "�");      // the C1 form of ESC [
  EXPECT_EQ(printable("\xe2\x80\xae"), "�");  // right-to-left override
  EXPECT_EQ(printable("\xff"), "�");
  EXPECT_EQ(printable("ação 日本 🙂"), "ação 日本 🙂");
}

TEST(Output, width_is_counted_in_columns) {
  EXPECT_EQ(display_width("ação"), 4);
  EXPECT_EQ(display_width("日本"), 4);
  EXPECT_EQ(display_width("e\xcc\x81"), 1);  // a combining accent
  EXPECT_EQ(display_width(""), 0);
}

TEST(Output, what_is_too_wide_is_cut_at_a_character) {
  EXPECT_EQ(cut_to_width("abc", 3), "abc");
  EXPECT_EQ(cut_to_width("abcd", 3), "ab…");
  EXPECT_EQ(cut_to_width("日本語", 4), "日…");
  EXPECT_EQ(cut_to_width("abc", 0), "");
}

TEST(Output, a_table_s_columns_are_as_wide_as_their_widest_cell) {
  Table table({{"ID", Align::right}, {"NAME"}, {"N", Align::right}});
  EXPECT_TRUE(table.empty());
  table.add({"7", "ação", "1"});
  table.add({"1234", "x"});
  EXPECT_EQ(table.text(),
            "  ID  NAME  N\n"
            "   7  ação  1\n"
            "1234  x\n");
  EXPECT_EQ(table.text(8),
            "  ID  N…\n"
            "   7  a…\n"
            "1234  x\n");
}

TEST(Output, numbers_and_times_are_written_for_people) {
  EXPECT_EQ(count_cell(0), "0");
  EXPECT_EQ(count_cell(999), "999");
  EXPECT_EQ(count_cell(1234567), "1,234,567");
  EXPECT_EQ(count_cell(-1234), "-1,234");
  EXPECT_EQ(time_cell(std::nullopt), "-");
  EXPECT_EQ(time_cell(parse_time("2024-12-25T01:02:03.456Z")), "2024-12-25 01:02:03");
  EXPECT_EQ(seconds_cell(0), "-");
  EXPECT_EQ(seconds_cell(0.00005), "0.05ms");
  EXPECT_EQ(seconds_cell(0.25), "250ms");
  EXPECT_EQ(seconds_cell(90), "1m 30s");
}

TEST(Output, pairs_stand_under_each_other) {
  EXPECT_EQ(pairs_text({{"a", "1"}, {"long", "x\ny"}}), "a     1\nlong  x y\n");
}

TEST(Progress, the_bar_fills) {
  EXPECT_EQ(progress_bar(0, 10, 4), "[----]   0 %");
  EXPECT_EQ(progress_bar(5, 10, 4), "[##--]  50 %");
  EXPECT_EQ(progress_bar(20, 10, 4), "[####] 100 %");
  EXPECT_EQ(progress_bar(5, 0, 4), "");
}

}  // namespace
}  // namespace esteira::cli
