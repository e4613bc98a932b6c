// What only a file has: other programs that hold it, files that are none of ours, query plans.
#include <fstream>

#include <gtest/gtest.h>

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
