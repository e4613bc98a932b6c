// What only a server has: its SQL function for other programs, lost connections, restarts.
#include <algorithm>
#include <atomic>
#include <map>
#include <thread>

#include <gtest/gtest.h>

#include "domain/flow_key.hpp"
#include "esteira/repository.hpp"
#include "repository/repository.hpp"
#include "support/builders.hpp"
#include "support/expectations.hpp"
#include "support/pgbouncer.hpp"
#include "support/postgres_client.hpp"
#include "support/postgres_server.hpp"
#include "support/seeded_random.hpp"

namespace esteira::test {
namespace {

using namespace std::chrono_literals;

// Long enough for a slow machine; reached only by a test that fails.
constexpr std::chrono::seconds patience{60};

class Postgres : public testing::Test {
 protected:
  static void SetUpTestSuite() { server = PostgresServer::start(); }
  static void TearDownTestSuite() { server.reset(); }
  void SetUp() override {
    database = "esteira_" + std::to_string(++databases_made);
    server->create_database(database);
    repository = must(open_repository(url(), Migrate::always));
    alpha_id = must(repository->put_type(task_type("ALPHA"), now())).type_id;
  }
  void TearDown() override {
    repository.reset();
    server->drop_database(database);
  }

  [[nodiscard]] std::string url() const { return server->url(database); }
  [[nodiscard]] Time now() { return must(repository->server_time()); }
  std::shared_ptr<TaskRepository> another() { return must(open_repository(url())); }
  std::optional<Task> find(TaskId task_id) { return must(repository->task(task_id, now())); }
  std::vector<Claim> claim(int limit = 100) {
    TickRequest request;
    request.worker = "worker-1";
    request.promote_limit = 1000;
    request.claim = ClaimRequest{.lease_id = chance.lease_id(),
                                 .types = {alpha_id},
                                 .limit = limit,
                                 .lease = 1h,
                                 .ageing = {}};
    return must(repository->tick(request, now())).claims;
  }

  static std::unique_ptr<PostgresServer> server;
  static int databases_made;
  std::string database;
  std::shared_ptr<TaskRepository> repository;
  TypeId alpha_id = 0;
  SeededRandom chance{7};
};

std::unique_ptr<PostgresServer> Postgres::server;
int Postgres::databases_made = 0;

// --- esteira.create_task, for a program in any language ------------------------------------------

class CreateTask : public Postgres {
 protected:
  static TaskId id_in(const SqlRows& rows) { return std::stoll(rows.at(0).at(0).value()); }
  // The SQLSTATE that a statement ends with.
  static std::string state_of(PostgresClient& program, const std::string& sql) {
    try {
      program.query(sql);
    } catch (const PostgresError& error) {
      return error.state();
    }
    return "";
  }
};

TEST_F(CreateTask, a_task_exists_once_its_callers_transaction_commits) {
  PostgresClient program{url()};
  program.execute("BEGIN");
  const TaskId task_id =
      id_in(program.query("SELECT esteira.create_task($1, $2::jsonb, 5, $3::timestamptz, 7, 'key')",
                          {"ALPHA", R"({"message_id": 123})", "2024-12-25T00:00:00Z"}));
  EXPECT_FALSE(find(task_id));
  EXPECT_TRUE(claim().empty());
  program.execute("COMMIT");
  const Task created = find(task_id).value();
  EXPECT_EQ(created.type, "ALPHA");
  EXPECT_EQ(created.status, TaskStatus::pending);
  EXPECT_EQ(created.payload, Json({{"message_id", 123}}));
  EXPECT_EQ(created.priority, 5);
  EXPECT_EQ(created.max_retries, 7);
  EXPECT_EQ(created.unique_key, "key");
  EXPECT_EQ(created.scheduled_for, parse_time("2024-12-25T00:00:00Z"));
  std::vector<Claim> claims;
  EXPECT_TRUE(eventually(patience, [&] { return !(claims = claim()).empty(); }));
  EXPECT_EQ(claims.at(0).fence.task_id, task_id);
}

// As SQL and the program read a payload's flow.
TEST_F(CreateTask, its_task_joins_the_flow_that_its_payload_names) {
  PostgresClient program{url()};
  for (const std::string pointer : {"/a", "/a/1", "/a~1b/c~0d"}) {
    TaskType type = task_type("ALPHA");
    type.flow.key = pointer;
    must(repository->put_type(type, now()));
    for (const std::string payload :
         {R"({"a": "São Paulo"})", R"({"a": 42})", R"({"a": true})", R"({"a": ["x", "y"]})",
          R"({"a/b": {"c~d": "z"}})", R"({"a": null})", "{}", "7", R"({"a": 1.5})", R"({"a": {}})",
          R"({"a": "0123456789012345678901234567890123456789012345678901234567890123456789"})"}) {
      const auto key = flow_key_of(pointer, must(parse_json(payload)));
      const std::string call = "SELECT esteira.create_task('ALPHA', '" + payload + "')";
      if (!key) {
        EXPECT_EQ(state_of(program, call), "22023") << pointer << ' ' << payload;
        continue;
      }
      const TaskId task_id = id_in(program.query(call));
      EXPECT_EQ(program.query("SELECT flow_key FROM esteira.task_queued WHERE task_id = $1",
                              {std::to_string(task_id)}),
                (SqlRows{{std::optional(*key)}}))
          << pointer << ' ' << payload;
    }
  }
}

TEST_F(CreateTask, no_task_exists_once_its_callers_transaction_rolls_back) {
  PostgresClient program{url()};
  program.execute("BEGIN");
  const TaskId task_id =
      id_in(program.query("SELECT esteira.create_task('ALPHA', '{}', unique_key => 'key')"));
  program.execute("ROLLBACK");
  EXPECT_FALSE(find(task_id));
  EXPECT_TRUE(must(repository->tasks({}, now())).empty());
  EXPECT_TRUE(claim().empty());
  EXPECT_EQ(state_of(program, "SELECT esteira.create_task('ALPHA', '{}', unique_key => 'key')"),
            "");
}

TEST_F(CreateTask, refuses_a_type_that_is_encrypted) {
  TaskType secret = task_type("SECRET");
  secret.flow.encrypted = true;
  must(repository->put_type(secret, now()));
  PostgresClient program{url()};
  EXPECT_EQ(state_of(program, "SELECT esteira.create_task('SECRET', '{}')"), "ES003");
  EXPECT_TRUE(must(repository->tasks({}, now())).empty());
}

TEST_F(CreateTask, its_task_is_a_change_once_it_exists) {
  constexpr int plenty = 100;
  PostgresClient program{url()};
  std::string cursor = must(repository->changes(std::nullopt, plenty)).cursor;
  const auto changed = [&] {
    const ChangesPage page = must(repository->changes(cursor, plenty));
    cursor = page.cursor;
    return page.task_ids;
  };
  program.execute("BEGIN");
  program.query("SELECT esteira.create_task('ALPHA', '{}')");
  program.execute("ROLLBACK");
  program.execute("BEGIN");
  const TaskId task_id = id_in(program.query("SELECT esteira.create_task('ALPHA', '{}')"));
  EXPECT_EQ(changed(), std::vector<TaskId>{});
  program.execute("COMMIT");
  EXPECT_EQ(changed(), std::vector<TaskId>{task_id});
}

TEST_F(Postgres, a_snapshot_of_another_server_has_missed_what_changed) {
  const ChangesPage page = must(repository->changes("900000000000:900000000001:900000000000", 10));
  EXPECT_TRUE(page.missed);
  EXPECT_FALSE(must(repository->changes(page.cursor, 10)).missed);
}

TEST_F(CreateTask, what_is_left_out_is_the_types) {
  TaskType type = task_type("ALPHA");
  type.max_retries = 9;
  must(repository->put_type(type, now()));
  PostgresClient program{url()};
  const TaskId task_id = id_in(program.query("SELECT esteira.create_task('ALPHA', '[1]')"));
  const Task created = find(task_id).value();
  EXPECT_EQ(created.max_retries, 9);
  EXPECT_EQ(created.priority, 0);
  EXPECT_FALSE(created.scheduled_for);
  EXPECT_FALSE(created.unique_key);
}

TEST_F(CreateTask, a_task_of_the_future_waits) {
  PostgresClient program{url()};
  const TaskId task_id = id_in(program.query(
      "SELECT esteira.create_task('ALPHA', '{}', scheduled_for => now() + interval '1 hour')"));
  EXPECT_TRUE(claim().empty());
  EXPECT_EQ(find(task_id)->status, TaskStatus::pending);
}

TEST_F(CreateTask, its_ids_come_from_the_same_sequence) {
  const NewTaskRow row = new_task_row(alpha_id);
  const auto insert = [&] {
    return must(repository->insert(std::span{&row, 1}, now())).at(0).task_id;
  };
  PostgresClient program{url()};
  const TaskId first = insert();
  const TaskId second = id_in(program.query("SELECT esteira.create_task('ALPHA', '{}')"));
  EXPECT_GT(second, first);
  EXPECT_GT(insert(), second);
}

TEST_F(CreateTask, an_unknown_type_is_es001) {
  PostgresClient program{url()};
  EXPECT_EQ(state_of(program, "SELECT esteira.create_task('NOPE', '{}')"), "ES001");
}

TEST_F(CreateTask, a_unique_conflict_is_es002) {
  PostgresClient program{url()};
  const std::string sql = "SELECT esteira.create_task('ALPHA', '{}', unique_key => 'key')";
  EXPECT_EQ(state_of(program, sql), "");
  EXPECT_EQ(state_of(program, sql), "ES002");
  EXPECT_EQ(must(repository->tasks({}, now())).size(), 1U);
}

TEST_F(CreateTask, a_window_that_has_ended_is_no_holder_and_another_one_is) {
  NewTaskRow row = new_task_row(alpha_id);
  row.unique_key = "key";
  row.terms.unique_scope = UniqueScope::window;
  row.terms.unique_until = now() + 1h;
  const TaskId holder = must(repository->insert(std::span{&row, 1}, now())).at(0).task_id;
  PostgresClient program{url()};
  const std::string sql = "SELECT esteira.create_task('ALPHA', '{}', unique_key => 'key')";
  EXPECT_EQ(state_of(program, sql), "ES002");
  program.execute("UPDATE esteira.task_unique SET until = clock_timestamp()");
  const TaskId next = id_in(program.query(sql));
  EXPECT_EQ(state_of(program, sql), "ES002");
  EXPECT_EQ(must(repository->remove(std::vector{holder}, now())).at(0), ChangeStatus::applied);
  EXPECT_EQ(state_of(program, sql), "ES002") << "the key is the next one's";
  EXPECT_EQ(must(repository->cancel(std::vector{next}, now())).at(0), ChangeStatus::applied);
  EXPECT_EQ(state_of(program, sql), "");
}

TEST_F(CreateTask, the_seeds_other_spelling_is_the_same_type) {
  must(repository->put_type(task_type("MESSAGE_SEND"), now()));
  PostgresClient program{url()};
  const TaskId task_id = id_in(program.query("SELECT esteira.create_task('SEND_MESSAGE', '{}')"));
  EXPECT_EQ(find(task_id)->type, "MESSAGE_SEND");
}

TEST_F(CreateTask, needs_no_right_but_execute) {
  PostgresClient owner{url()};
  owner.execute("DROP ROLE IF EXISTS enqueuer");
  owner.execute("CREATE ROLE enqueuer");
  const std::string call = "SELECT esteira.create_task('ALPHA', '{}')";
  PostgresClient program{url()};
  program.execute("SET ROLE enqueuer");
  EXPECT_EQ(state_of(program, call), "42501") << "without a grant it is refused";
  owner.execute("GRANT USAGE ON SCHEMA esteira TO enqueuer");
  EXPECT_EQ(state_of(program, call), "42501") << "the schema alone is not enough";
  owner.execute(
      "GRANT EXECUTE ON FUNCTION esteira.create_task(text, jsonb, integer, timestamptz, integer, "
      "text) TO enqueuer");
  EXPECT_GT(id_in(program.query(call)), 0);
  EXPECT_EQ(state_of(program, "SELECT * FROM esteira.task_requests"), "42501");
  program.execute("RESET ROLE");
  owner.execute("DROP OWNED BY enqueuer; DROP ROLE enqueuer");
}

// --- query plans
// -----------------------------------------------------------------------------------

TEST_F(Postgres, the_view_is_read_by_key_and_never_whole) {
  const std::vector<NewTaskRow> rows(5000, new_task_row(alpha_id));
  must(repository->insert(rows, now()));
  std::vector<Settlement> settlements;
  for (std::vector<Claim> claims = claim(1000); !claims.empty(); claims = claim(1000)) {
    settlements.clear();
    for (const Claim& each : claims) settlements.push_back(completed(each, now()));
    TickRequest request;
    request.settlements = settlements;
    must(repository->tick(request, now()));
  }
  PostgresClient program{url()};
  program.execute("ANALYZE");
  const auto plan_of = [&](const std::string& sql) {
    std::string plan;
    for (const SqlRow& row : program.query("EXPLAIN " + sql)) {
      plan += row.at(0).value_or("") + "\n";
    }
    return plan;
  };
  for (const std::string sql : {"SELECT * FROM esteira.tasks WHERE task_id = 7",
                                "SELECT * FROM esteira.tasks ORDER BY task_id DESC LIMIT 50"}) {
    const std::string plan = plan_of(sql);
    // What is empty may be read whole: of the parts that is the rest.
    EXPECT_EQ(plan.find("Seq Scan on task_requests_1"), std::string::npos) << plan;
    EXPECT_EQ(plan.find("Seq Scan on task_executions_1"), std::string::npos) << plan;
    // The first range is read in order and merged, not sorted.
    const auto order = plan.find("Sort Key: r.task_id");
    if (order == std::string::npos) continue;
    EXPECT_EQ(plan.substr(plan.rfind("->", order), 16), "->  Merge Append") << plan;
  }
}

// --- prepared statements -------------------------------------------------------------------------

TEST_F(Postgres, a_column_that_changes_under_a_prepared_statement_is_read_anew) {
  must(repository->types());
  PostgresClient{url()}.execute(
      "ALTER TABLE esteira.task_types ALTER COLUMN description TYPE varchar");
  const auto refused = repository->types();
  ASSERT_FALSE(refused) << "the statement was not prepared";
  EXPECT_EQ(refused.error().code, ErrorCode::unavailable) << refused.error().message;
  EXPECT_EQ(must(repository->types()).size(), 1U);
}

// --- connections that break ----------------------------------------------------------------------

class Outage : public Postgres {
 protected:
  // Cuts every connection to the database but its own.
  void cut() {
    PostgresClient{url()}.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()");
  }

  // Offers a request until the store has answered it, as a worker does.
  static TickAnswer insist(TaskRepository& repository, TickRequest request, Time now) {
    std::optional<TickAnswer> answer;
    const bool answered = eventually(patience, [&] {
      auto offered = repository.tick(request, now);
      if (offered) {
        answer = *std::move(offered);
        return true;
      }
      if (!is_transient(offered.error().code)) throw std::runtime_error(offered.error().message);
      if (request.claim && offered.error().code == ErrorCode::in_doubt) request.claim->again = true;
      return false;
    });
    if (!answered) throw std::runtime_error("the store did not come back");
    return *std::move(answer);
  }

  // Works off everything that waits, in the way of a worker; answers how often each task was
  // settled for good.
  std::map<TaskId, int> work_off(std::uint64_t seed, std::atomic<int>& left, Time moment);
  std::vector<TaskId> insert_many(int count);
  void expect_all_completed_once(const std::vector<TaskId>& ids);
};

std::vector<TaskId> Outage::insert_many(int count) {
  const std::vector<NewTaskRow> rows(static_cast<std::size_t>(count), new_task_row(alpha_id));
  std::vector<TaskId> ids;
  for (const InsertedTask& task : must(repository->insert(rows, now()))) {
    ids.push_back(task.task_id);
  }
  return ids;
}

std::map<TaskId, int> Outage::work_off(std::uint64_t seed, std::atomic<int>& left, Time moment) {
  const auto mine = another();
  SeededRandom random{seed};
  std::map<TaskId, int> settled;
  std::vector<Settlement> settlements;
  for (; left > 0 || !settlements.empty(); moment += 100ms) {
    TickRequest request;
    request.worker = "worker-" + std::to_string(seed);
    request.settlements = settlements;
    request.claim = ClaimRequest{
        .lease_id = random.lease_id(), .types = {alpha_id}, .limit = 20, .lease = 1h, .ageing = {}};
    const TickAnswer answer = insist(*mine, request, moment);
    for (std::size_t at = 0; at < settlements.size(); ++at) {
      const FinishStatus status = answer.settlements.at(at);
      EXPECT_TRUE(status == FinishStatus::applied || status == FinishStatus::already_applied);
      settled[settlements[at].fence.task_id] += 1;
      --left;
    }
    settlements.clear();
    for (const Claim& claim : answer.claims) settlements.push_back(completed(claim, moment));
  }
  return settled;
}

void Outage::expect_all_completed_once(const std::vector<TaskId>& ids) {
  ASSERT_TRUE(eventually(patience, [&] { return repository->ping().has_value(); }));
  const std::string count = std::to_string(ids.size());
  PostgresClient program{url()};
  EXPECT_EQ(program.query("SELECT status, count(*) FROM esteira.tasks GROUP BY 1"),
            (SqlRows{{"COMPLETED", count}}));
  EXPECT_EQ(program.query("SELECT count(*), count(DISTINCT task_id) FROM esteira.task_executions"),
            (SqlRows{{count, count}}));
  const Stats stats = must(repository->stats(now()));
  EXPECT_EQ(stats.by_status[static_cast<std::size_t>(TaskStatus::completed)], std::ssize(ids));
}

TEST_F(Outage, a_connection_cut_between_calls_is_made_again) {
  const std::vector<TaskId> ids = insert_many(1);
  for (int round = 0; round < 3; ++round) {
    cut();
    EXPECT_TRUE(eventually(patience, [&] {
      const auto pinged = repository->ping();
      EXPECT_TRUE(pinged || is_transient(pinged.error().code));
      return pinged.has_value();
    }));
    EXPECT_EQ(find(ids[0])->status, TaskStatus::pending);
  }
}

TEST_F(Outage, a_settlement_survives_a_cut_connection) {
  insert_many(1);
  const Claim claimed = claim(1).at(0);
  const Settlement settlement = completed(claimed, now());
  const Time moment = now();
  cut();
  TickRequest request;
  request.settlements = std::span{&settlement, 1};
  EXPECT_EQ(insist(*repository, request, moment).settlements.at(0), FinishStatus::applied);
  EXPECT_EQ(insist(*repository, request, moment).settlements.at(0), FinishStatus::already_applied);
}

TEST_F(Outage, connections_cut_during_ticks_lose_nothing) {
  const std::vector<TaskId> ids = insert_many(2000);
  std::atomic<int> left{static_cast<int>(ids.size())};
  const Time moment = now();
  std::vector<std::map<TaskId, int>> settled(3);
  run_together(4, [&](int index) {
    if (index < 3) {
      settled[static_cast<std::size_t>(index)] =
          work_off(static_cast<std::uint64_t>(index), left, moment);
      return;
    }
    for (int cuts = 0; left > 0 && cuts < 10; ++cuts) {
      // Each cut waits for some progress, so that the workers are in the middle of their ticks.
      const int before = left;
      eventually(patience, [&] { return left < before - 100 || left == 0; });
      cut();
    }
  });
  std::map<TaskId, int> all;
  for (const auto& each : settled) {
    for (const auto& [task_id, count] : each) all[task_id] += count;
  }
  EXPECT_EQ(all.size(), ids.size());
  EXPECT_TRUE(std::ranges::all_of(all, [](const auto& entry) { return entry.second == 1; }));
  expect_all_completed_once(ids);
}

TEST_F(Outage, an_insert_repeated_with_its_key_is_made_once) {
  constexpr int tasks = 300;
  std::atomic<int> made{0};
  run_together(2, [&](int index) {
    if (index == 1) {
      for (int wanted = 20; wanted < tasks; wanted += 40) {
        eventually(patience, [&] { return made >= wanted; });
        cut();
      }
      return;
    }
    for (; made < tasks; ++made) {
      NewTaskRow row = new_task_row(alpha_id);
      row.idempotency_key = "key-" + std::to_string(made);
      row.idempotency_hash = "hash";
      const bool inserted = eventually(patience, [&] {
        const auto answer =
            repository->insert(std::span{&row, 1}, parse_time("2026-03-01T12:00:00Z"));
        EXPECT_TRUE(answer || is_transient(answer.error().code));
        return answer.has_value();
      });
      ASSERT_TRUE(inserted);
    }
  });
  ASSERT_TRUE(eventually(patience, [&] { return repository->ping().has_value(); }));
  EXPECT_EQ(must(repository->tasks({.limit = 1000}, now())).size(), std::size_t{tasks});
}

TEST_F(Outage, a_server_that_is_away_is_unavailable_and_comes_back) {
  const std::vector<TaskId> ids = insert_many(1);
  const Time moment = now();
  server->stop_immediately();
  for (int call = 0; call < 5; ++call) {
    const auto answer = repository->task(ids[0], moment);
    ASSERT_FALSE(answer);
    EXPECT_TRUE(is_transient(answer.error().code)) << answer.error().message;
  }
  server->start_again();
  EXPECT_TRUE(eventually(patience, [&] { return repository->task(ids[0], moment).has_value(); }));
}

TEST_F(Outage, an_immediate_restart_in_the_middle_of_work_loses_nothing) {
  const std::vector<TaskId> ids = insert_many(3000);
  std::atomic<int> left{static_cast<int>(ids.size())};
  const Time moment = now();
  run_together(3, [&](int index) {
    if (index < 2) {
      work_off(static_cast<std::uint64_t>(index), left, moment);
      return;
    }
    for (int restarts = 0; restarts < 2; ++restarts) {
      const int before = left;
      eventually(patience, [&] { return left < before - 200 || left == 0; });
      server->restart_immediately();
    }
  });
  expect_all_completed_once(ids);
}

TEST_F(Outage, a_server_that_may_only_be_read_is_refused) {
  PostgresClient{url()}.execute("ALTER DATABASE " + database +
                                " SET default_transaction_read_only = on");
  const auto opened = open_repository(url());
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("read"), std::string::npos) << opened.error().message;
  PostgresClient{server->url("postgres")}.execute("ALTER DATABASE " + database +
                                                  " RESET default_transaction_read_only");
}

// --- through TCP, with a password ----------------------------------------------------------------

TEST(PostgresAddress, a_bad_port_is_bad_usage) {
  for (const std::string port : {"abc", "0", "99999", "5432x", "5432,abc"}) {
    const Error error =
        error_of(open_repository("postgresql:///x?host=127.0.0.1,127.0.0.1&port=" + port));
    EXPECT_EQ(error.code, ErrorCode::invalid_argument) << port << ": " << error.message;
    EXPECT_NE(error.message.find("port"), std::string::npos) << error.message;
  }
}

TEST_F(Postgres, a_password_opens_the_door_and_is_never_shown) {
  const auto opened = must(open_repository(server->tcp_url(database)));
  must(opened->ping());
  const std::string url_with_password = server->tcp_url(database);
  const std::size_t start = url_with_password.find(':', 13) + 1;
  const std::string password = url_with_password.substr(start, url_with_password.find('@') - start);
  EXPECT_EQ(opened->address().find(password), std::string::npos);
  std::string wrong = url_with_password;
  wrong.replace(start, 4, "nope");
  const Error error = error_of(open_repository(wrong));
  EXPECT_EQ(error.message.find(password.substr(4)), std::string::npos) << error.message;
}

}  // namespace
}  // namespace esteira::test
