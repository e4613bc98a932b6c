#include "cli/import.hpp"

#include <fstream>

#include <gtest/gtest.h>

#include "cli/local_backend.hpp"
#include "domain/limits.hpp"
#include "support/expectations.hpp"
#include "support/temporary_directory.hpp"

namespace esteira::cli {
namespace {

using esteira::test::error_of;
using esteira::test::must;

class LineReaderTest : public testing::Test {
 protected:
  LineReader reader_of(std::string_view text) {
    std::ofstream(path(), std::ios::binary) << text;
    return must(LineReader::open(path()));
  }
  std::string path() const { return directory_.path() / "lines"; }

 private:
  test::TemporaryDirectory directory_;
};

// "1:a 3:b"
std::string all_lines(LineReader& reader) {
  std::string all;
  while (const auto line = must(reader.next())) {
    all += (all.empty() ? "" : " ") + std::to_string(line->number) + ":" + line->text;
  }
  return all;
}

TEST_F(LineReaderTest, lines_are_numbered_and_blank_ones_left_out) {
  auto reader = reader_of("a\n\n \t\r\nb\r\nc");
  EXPECT_EQ(all_lines(reader), "1:a 4:b\r 5:c");
  EXPECT_EQ(reader.bytes_read(), reader.bytes_total());
}

TEST_F(LineReaderTest, a_file_is_read_twice_alike) {
  auto reader = reader_of("a\nb\n");
  EXPECT_EQ(all_lines(reader), "1:a 2:b");
  must(reader.rewind());
  EXPECT_EQ(all_lines(reader), "1:a 2:b");
}

TEST_F(LineReaderTest, a_byte_order_mark_is_no_part_of_the_first_line) {
  auto reader = reader_of("\xEF\xBB\xBF{}\n");
  EXPECT_EQ(all_lines(reader), "1:{}");
}

TEST_F(LineReaderTest, lines_go_on_over_the_edge_of_a_chunk) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += std::string(997, 'x') + "\n";
  auto reader = reader_of(text);
  int lines = 0;
  while (const auto line = must(reader.next())) {
    ASSERT_EQ(line->text.size(), 997U) << line->number;
    ++lines;
  }
  EXPECT_EQ(lines, 1000);
}

TEST_F(LineReaderTest, a_line_that_is_too_long_is_cut_and_the_next_one_is_whole) {
  auto reader = reader_of(std::string(4 * limits::payload_bytes_max, 'x') + "\nb\n");
  const auto first = must(reader.next());
  EXPECT_TRUE(first->too_long);
  EXPECT_LT(first->text.size(), 4 * limits::payload_bytes_max);
  EXPECT_EQ(all_lines(reader), "2:b");
}

TEST_F(LineReaderTest, an_empty_file_has_no_lines) {
  auto reader = reader_of("");
  EXPECT_EQ(all_lines(reader), "");
}

TEST_F(LineReaderTest, what_is_no_file_is_refused) {
  EXPECT_EQ(error_of(LineReader::open(path())).code, ErrorCode::invalid_argument);
  EXPECT_EQ(error_of(LineReader::open("/")).code, ErrorCode::invalid_argument);
}

class ImportTest : public LineReaderTest {
 protected:
  ImportReport import(std::string_view text, ImportOptions options = {}) {
    return Import(*backend_, reader_of(text), options, [] { return false; }).run();
  }
  std::int64_t pending() {
    const auto stats = must(backend_->stats());
    return stats.by_status[static_cast<std::size_t>(TaskStatus::pending)];
  }
  Backend& backend() { return *backend_; }

 private:
  static Store memory_store() {
    Configuration configuration;
    configuration.database_url = "sqlite::memory:";
    return must(open_store(configuration));
  }
  const std::unique_ptr<Backend> backend_ = local_backend(memory_store());
};

std::string good_lines(std::size_t count, const std::string& more = "") {
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += R"({"type": "NOOP", "payload": )" + std::to_string(i) + more + "}\n";
  }
  return text;
}

std::vector<std::int64_t> bad_lines(const ImportReport& report) {
  std::vector<std::int64_t> lines;
  for (const auto& bad : report.bad) lines.push_back(bad.line);
  return lines;
}

using Lines = std::vector<std::int64_t>;

TEST_F(ImportTest, every_line_becomes_a_task) {
  const auto report = import(good_lines(3));
  EXPECT_EQ(report.imported, 3);
  EXPECT_EQ(report.bad_total, 0);
  EXPECT_FALSE(report.error);
  EXPECT_EQ(pending(), 3);
}

TEST_F(ImportTest, more_than_one_batch_is_imported_in_order) {
  const auto count = limits::batch_tasks_max + 5;
  const auto report = import(good_lines(count));
  EXPECT_EQ(report.imported, static_cast<std::int64_t>(count));
  EXPECT_EQ(pending(), static_cast<std::int64_t>(count));
  const auto newest = must(backend().tasks({.limit = 1}));
  EXPECT_EQ(newest.front().payload, static_cast<std::int64_t>(count) - 1);
}

TEST_F(ImportTest, a_bad_line_is_named_and_nothing_is_kept) {
  const auto report =
      import(good_lines(1) + "rubbish\n" + good_lines(1) + R"({"type": "UNKNOWN", "payload": 1})" +
             "\n" + R"({"type": "NOOP", "payload": 1, "typo": 1})");
  EXPECT_EQ(bad_lines(report), (Lines{2, 4, 5}));
  EXPECT_EQ(report.imported, 0);
  EXPECT_EQ(report.skipped, 0);
  EXPECT_EQ(pending(), 0);
}

TEST_F(ImportTest, a_bad_line_behind_many_batches_keeps_nothing_either) {
  const auto count = 2 * limits::batch_tasks_max;
  const auto report = import(good_lines(count) + "rubbish\n");
  EXPECT_EQ(bad_lines(report), Lines{static_cast<std::int64_t>(count) + 1});
  EXPECT_EQ(pending(), 0);
}

TEST_F(ImportTest, bad_lines_can_be_left_out) {
  const auto report =
      import("rubbish\n" + good_lines(limits::batch_tasks_max) + "rubbish\n" + good_lines(2),
             {.skip_bad = true});
  EXPECT_EQ(report.imported, static_cast<std::int64_t>(limits::batch_tasks_max) + 2);
  EXPECT_EQ(report.skipped, 2);
  EXPECT_EQ(report.bad.size(), 2U);
  EXPECT_EQ(pending(), report.imported);
}

TEST_F(ImportTest, two_lines_with_one_unique_key_are_a_bad_line) {
  const auto report = import(good_lines(2, R"(, "unique_key": "k")"));
  EXPECT_EQ(bad_lines(report), Lines{2});
  EXPECT_EQ(pending(), 0);
}

TEST_F(ImportTest, a_key_that_a_task_holds_already_ends_the_import_and_names_the_line) {
  EXPECT_EQ(import(good_lines(1, R"(, "unique_key": "k")")).imported, 1);
  const auto report = import(good_lines(2) + good_lines(1, R"(, "unique_key": "k")"));
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.error->code, ErrorCode::conflict);
  EXPECT_TRUE(report.error->message.starts_with("line 3: ")) << report.error->message;
  EXPECT_FALSE(report.next_line);
  EXPECT_EQ(pending(), 1);
}

TEST_F(ImportTest, a_conflict_in_a_later_batch_says_where_to_go_on) {
  EXPECT_EQ(import(good_lines(1, R"(, "unique_key": "k")")).imported, 1);
  const auto report =
      import(good_lines(limits::batch_tasks_max + 1) + good_lines(1, R"(, "unique_key": "k")"));
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.imported, static_cast<std::int64_t>(limits::batch_tasks_max));
  EXPECT_EQ(report.next_line, static_cast<std::int64_t>(limits::batch_tasks_max) + 1);
  EXPECT_EQ(pending(), report.imported + 1);
}

TEST_F(ImportTest, conflicts_are_left_out_one_by_one) {
  const auto conflict = good_lines(1, R"(, "unique_key": "k")");
  const auto other = good_lines(1, R"(, "unique_key": "l")");
  EXPECT_EQ(import(conflict).imported, 1);
  EXPECT_EQ(import(other).imported, 1);
  const auto report = import(good_lines(3) + conflict + good_lines(3) + other, {.skip_bad = true});
  EXPECT_EQ(report.imported, 6);
  EXPECT_EQ(bad_lines(report), (Lines{4, 8}));
  EXPECT_FALSE(report.error);
}

TEST_F(ImportTest, the_same_idempotency_key_is_the_same_task) {
  const auto line = std::string(R"({"type": "NOOP", "payload": 1, "idempotency_key": "i"})") + "\n";
  EXPECT_FALSE(import(line).error);
  EXPECT_FALSE(import(line + line).error);
  EXPECT_EQ(pending(), 1);
}

TEST_F(ImportTest, an_import_goes_on_at_a_line) {
  const auto report = import("rubbish\n" + good_lines(3), {.from_line = 3});
  EXPECT_EQ(report.imported, 2);
  EXPECT_EQ(report.bad_total, 0);
}

TEST_F(ImportTest, an_import_that_is_stopped_while_it_checks_keeps_nothing) {
  int asked = 0;
  const auto report =
      Import(backend(), reader_of(good_lines(10)), {}, [&asked] { return ++asked > 5; }).run();
  ASSERT_TRUE(report.error);
  EXPECT_EQ(report.imported, 0);
  EXPECT_FALSE(report.next_line);
  EXPECT_EQ(pending(), 0);
}

TEST_F(ImportTest, no_more_bad_lines_are_kept_than_can_be_read) {
  std::string text;
  for (std::size_t i = 0; i < bad_lines_max + 5; ++i) text += "rubbish\n";
  const auto report = import(text);
  EXPECT_EQ(report.bad.size(), bad_lines_max);
  EXPECT_EQ(report.bad_total, static_cast<std::int64_t>(bad_lines_max) + 5);
}

}  // namespace
}  // namespace esteira::cli
