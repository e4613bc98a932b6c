#include "service/audit_service.hpp"

#include <gtest/gtest.h>

#include "domain/limits.hpp"
#include "esteira/repository.hpp"
#include "support/expectations.hpp"
#include "support/manual_clock.hpp"
#include "support/sqlite_client.hpp"
#include "support/temporary_directory.hpp"

namespace esteira {
namespace {

using esteira::test::error_of;
using esteira::test::must;
using namespace std::chrono_literals;

class AuditServiceTest : public testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return (directory.path() / "esteira.db").string(); }
  void append(int count) {
    for (int number = 0; number < count; ++number) {
      must(audit.append({.actor = "key:a", .action = "task.cancel", .target = "1"}));
      clock->advance(1s);
    }
  }

  test::TemporaryDirectory directory;
  std::shared_ptr<TaskRepository> repository = must(open_repository("sqlite:" + path()));
  std::shared_ptr<test::ManualClock> clock =
      std::make_shared<test::ManualClock>(parse_time("2024-12-01T12:00:00Z"));
  AuditService audit{repository, clock};
};

TEST_F(AuditServiceTest, pages_go_from_the_newest_to_the_first) {
  append(5);
  const auto first = must(audit.list(std::nullopt, 2));
  ASSERT_EQ(first.items.size(), 2U);
  EXPECT_EQ(first.items[0].seq, 5);
  EXPECT_EQ(first.next_cursor, 4);
  const auto last = must(audit.list(2, 2));
  EXPECT_EQ(last.items.size(), 1U);
  EXPECT_EQ(last.next_cursor, std::nullopt);
  EXPECT_EQ(must(audit.list(6, 5)).next_cursor, std::nullopt) << "a full page that is the last";
  for (const int limit : {0, -1, 1001}) {
    EXPECT_EQ(error_of(audit.list(std::nullopt, limit)).code, ErrorCode::invalid_argument);
  }
}

TEST_F(AuditServiceTest, a_trail_longer_than_a_page_is_verified_whole) {
  append(2500);
  std::vector<std::int64_t> told;
  const auto verdict = must(audit.verify([&](std::int64_t count) { told.push_back(count); }));
  EXPECT_TRUE(verdict.sound());
  EXPECT_EQ(verdict.head.seq, 2500);
  EXPECT_EQ(told, (std::vector<std::int64_t>{1000, 2000, 2500}));
}

TEST_F(AuditServiceTest, a_trail_cut_short_is_told_by_a_noted_head) {
  append(3);
  const AuditHead noted = must(audit.verify()).head;
  test::SqliteClient{path()}.execute(
      "DROP TRIGGER audit_log_no_delete; DELETE FROM audit_log WHERE seq = 3");
  EXPECT_TRUE(must(audit.verify()).sound());
  EXPECT_EQ(must(audit.verify({}, noted)).broken,
            (AuditPlace{.seq = 3, .kind = AuditBreak::deleted}));
}

TEST_F(AuditServiceTest, what_no_store_takes_is_refused) {
  const AuditEntry good{.actor = "a", .action = "b", .target = "c"};
  std::vector<AuditEntry> bad(5, good);
  bad[0].actor = std::string(limits::audit_text_bytes_max + 1, 'x');
  bad[1].target = std::string("a\0b", 3);
  bad[2].address = "\xFF";
  bad[3].before = "{";
  bad[4].after = '"' + std::string(limits::audit_json_bytes_max, 'x') + '"';
  for (const AuditEntry& entry : bad) {
    EXPECT_EQ(error_of(audit.append(entry)).code, ErrorCode::invalid_argument);
  }
  EXPECT_TRUE(must(audit.list(std::nullopt, 10)).items.empty());
}

}  // namespace
}  // namespace esteira
