// What only a file has: other programs that hold it, files that are none of ours, query plans.
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "engines/sqlite/file.hpp"
#include "esteira/repository.hpp"
#include "repository/repository.hpp"
#include "support/builders.hpp"
#include "support/expectations.hpp"
#include "support/sqlite_client.hpp"
#include "support/temporary_directory.hpp"

namespace esteira::test {
namespace {

using namespace std::chrono_literals;

class SqliteFile : public testing::Test {
 protected:
  [[nodiscard]] std::string path() const { return (directory.path() / "esteira.db").string(); }
  [[nodiscard]] std::string url() const { return "sqlite:" + path(); }

  TemporaryDirectory directory;
  Time start = parse_time("2026-03-01T12:00:00Z");
};

TEST_F(SqliteFile, survives_that_its_program_ends) {
  TaskId task_id = 0;
  {
    const auto first = must(open_repository(url()));
    const NewTaskRow row =
        new_task_row(must(first->put_type(task_type("ALPHA"), start)).type_id, "[1]");
    task_id = must(first->insert(std::span{&row, 1}, start)).at(0).task_id;
  }
  const auto second = must(open_repository(url()));
  EXPECT_EQ(must(second->task(task_id, start))->payload, Json{1});
}

TEST_F(SqliteFile, a_place_beyond_the_newest_change_has_missed_what_changed) {
  const auto repository = must(open_repository(url()));
  const NewTaskRow row =
      new_task_row(must(repository->put_type(task_type("ALPHA"), start)).type_id, "[1]");
  must(repository->insert(std::span{&row, 1}, start));
  const ChangesPage page = must(repository->changes("1000", 10));
  EXPECT_TRUE(page.missed);
  EXPECT_FALSE(must(repository->changes(page.cursor, 10)).missed);
}

// --- what may be opened --------------------------------------------------------------------------

// Root may do everything: the tests of rights ask as somebody else.
class AsNobody {
 public:
  AsNobody() : root_(geteuid() == 0) {
    if (root_ && seteuid(65534) != 0) std::abort();
  }
  ~AsNobody() {
    if (root_ && seteuid(0) != 0) std::abort();
  }
  AsNobody(const AsNobody&) = delete;
  AsNobody& operator=(const AsNobody&) = delete;

 private:
  const bool root_;
};

class SqliteRights : public SqliteFile {
 protected:
  void SetUp() override {
    must(open_repository(url()));
    allow(directory.path(), 0777);
    for (const auto& entry : std::filesystem::directory_iterator(directory.path())) {
      allow(entry.path(), 0666);
    }
  }
  void TearDown() override { allow(directory.path(), 0777); }
  static void allow(const std::filesystem::path& what, unsigned mode) {
    std::filesystem::permissions(what, static_cast<std::filesystem::perms>(mode));
  }
  Error refusal(const std::string& address) {
    const AsNobody nobody;
    return error_of(open_repository(address));
  }
  void expect_refused(const std::string& address, const std::string& named) {
    const Error error = refusal(address);
    EXPECT_EQ(error.code, ErrorCode::unavailable) << error.message;
    EXPECT_NE(error.message.find("'" + named + "' (Permission denied)"), std::string::npos)
        << error.message;
    EXPECT_NE(error.message.find("chmod"), std::string::npos) << error.message;
  }
};

TEST_F(SqliteRights, a_file_that_may_not_be_written_or_read_is_unavailable_and_named) {
  allow(path(), 0444);
  expect_refused(url(), path());
  allow(path(), 0222);
  expect_refused(url(), path());
  allow(path(), 0666);
  const AsNobody nobody;
  EXPECT_TRUE(open_repository(url()));
}

TEST_F(SqliteRights, a_folder_that_may_not_be_written_or_entered_is_unavailable_and_named) {
  const auto folder = directory.path().string();
  const auto inside = directory.path() / "inside";
  std::filesystem::create_directory(inside);
  for (const unsigned mode : {0555U, 0666U}) {
    allow(folder, mode);
    expect_refused(url(), folder);
    expect_refused("sqlite:" + folder + "/new.db", folder);
  }
  expect_refused("sqlite:" + inside.string() + "/new.db", inside.string());
}

TEST_F(SqliteRights, a_folder_that_is_not_there_is_bad_usage) {
  EXPECT_EQ(refusal("sqlite:" + directory.path().string() + "/nowhere/x.db").code,
            ErrorCode::invalid_argument);
}

TEST(FileSystems, those_of_a_network_are_known_by_their_number_or_their_fuse_program) {
  constexpr std::uint32_t nfs = 0x6969;
  constexpr std::uint32_t ext4 = 0xEF53;
  constexpr std::uint32_t fuse = 0x65735546;
  EXPECT_EQ(sqlite::network_file_system(nfs, ""), "NFS");
  EXPECT_EQ(sqlite::network_file_system(ext4, ""), "");
  EXPECT_EQ(sqlite::network_file_system(ext4, "sshfs"), "") << "a stale name counts for nothing";
  EXPECT_EQ(sqlite::network_file_system(fuse, "sshfs"), "sshfs");
  EXPECT_EQ(sqlite::network_file_system(fuse, "ntfs-3g"), "");
  EXPECT_EQ(sqlite::network_file_system(fuse, ""), "");
}

TEST(FileSystems, a_fuse_program_is_found_by_its_device) {
  const std::string mounts =
      "22 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw\n"
      "40 22 0:35 / /mnt/far rw shared:9 master:2 - fuse.sshfs host:/ rw\n"
      "41 22 0:36 / /mnt/odd rw\n";
  const auto name_of = [&](unsigned minor) {
    std::istringstream lines(mounts);
    return sqlite::fuse_name(lines, makedev(0, minor));
  };
  EXPECT_EQ(name_of(35), "sshfs");
  EXPECT_EQ(name_of(36), "") << "a line without a type";
  EXPECT_EQ(name_of(37), "");
}

// --- other programs ------------------------------------------------------------------------------

TEST_F(SqliteFile, held_by_another_writer_is_unavailable_and_free_again_afterwards) {
  const auto repository = must(open_repository(url()));
  SqliteClient other{path()};
  other.execute("BEGIN IMMEDIATE");
  const auto refused = repository->put_type(task_type("ALPHA"), start);
  EXPECT_EQ(error_of(refused).code, ErrorCode::unavailable) << error_of(refused).message;
  EXPECT_TRUE(must(repository->types()).empty()) << "readers do not wait for a writer";
  other.execute("ROLLBACK");
  EXPECT_EQ(must(repository->put_type(task_type("ALPHA"), start)).name, "ALPHA");
}

TEST_F(SqliteFile, read_by_another_program_goes_on_being_written) {
  const auto repository = must(open_repository(url()));
  SqliteClient reader{path()};
  reader.execute("BEGIN");
  EXPECT_EQ(reader.query("SELECT count(*) FROM task_types").at(0).at(0), "0");
  must(repository->put_type(task_type("ALPHA"), start));
  must(repository->maintain(start));
  EXPECT_EQ(reader.query("SELECT count(*) FROM task_types").at(0).at(0), "0");
  reader.execute("COMMIT");
  EXPECT_EQ(reader.query("SELECT count(*) FROM task_types").at(0).at(0), "1");
}

TEST_F(SqliteFile, that_is_no_database_is_refused_and_left_alone) {
  const std::string text(10'000, 'x');
  std::ofstream(path()) << text;
  const Error error = error_of(open_repository(url()));
  EXPECT_NE(error.message.find(path()), std::string::npos) << error.message;
  std::ifstream file(path());
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>{file}, {}), text);
}

TEST_F(SqliteFile, of_another_program_is_kept_beside_ours) {
  SqliteClient other{path()};
  other.execute("CREATE TABLE customers (name TEXT); INSERT INTO customers VALUES ('Ana')");
  const auto repository = must(open_repository(url()));
  EXPECT_TRUE(must(repository->schema_status()).usable());
  EXPECT_EQ(other.query("SELECT name FROM customers").at(0).at(0), "Ana");
}

TEST_F(SqliteFile, that_is_a_folder_is_refused) {
  EXPECT_FALSE(open_repository("sqlite:" + directory.path().string()));
  EXPECT_FALSE(open_repository("sqlite:"));
}

TEST_F(SqliteFile, is_read_by_key_and_never_whole) {
  const auto repository = must(open_repository(url()));
  SqliteClient program{path()};
  const auto plan_of = [&](const std::string& sql) {
    std::string plan;
    for (const SqlRow& row : program.query("EXPLAIN QUERY PLAN " + sql)) {
      plan += row.at(3).value_or("") + "\n";
    }
    return plan;
  };
  const std::string one = plan_of("SELECT * FROM tasks WHERE task_id = 7");
  EXPECT_EQ(one.find("SCAN task_requests"), std::string::npos) << one;
  EXPECT_EQ(one.find("SCAN task_executions"), std::string::npos) << one;
  const std::string page = plan_of("SELECT * FROM tasks ORDER BY task_id DESC LIMIT 50");
  EXPECT_EQ(page.find("USE TEMP B-TREE FOR ORDER BY"), std::string::npos) << page;
  EXPECT_EQ(page.find("SCAN task_executions"), std::string::npos) << page;
}

}  // namespace
}  // namespace esteira::test
