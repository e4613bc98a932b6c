#include "contract/store.hpp"

#include <atomic>
#include <fstream>
#include <iterator>
#include <ostream>

#include "support/expectations.hpp"
#include "support/pgbouncer.hpp"
#include "support/postgres_server.hpp"
#include "support/seeded_random.hpp"
#include "support/sqlite_client.hpp"
#include "support/temporary_directory.hpp"

namespace esteira::test {
namespace {

// What takes each migration back, from 0004 on: a new migration adds its own here.
const std::vector<const char*> sqlite_undone{
    "DROP TABLE api_keys; DROP TABLE audit_log",
    "ALTER TABLE task_workers DROP COLUMN command",
    "DROP TABLE kept_answers",
    "DROP TABLE task_edits; DROP TABLE task_operations; DROP TABLE task_operation_batches",
    "DROP TABLE task_changes",
    "DROP TABLE sessions; ALTER TABLE api_keys DROP COLUMN rate",
    "ALTER TABLE task_types DROP COLUMN flow; ALTER TABLE task_requests DROP COLUMN terms",
    "DROP TABLE task_queued; DROP TABLE task_slots; DROP TABLE task_gates; "
    "DROP TABLE task_flow_buckets; ALTER TABLE task_types DROP COLUMN gated",
    "ALTER TABLE task_gates DROP COLUMN breaker",
    "DROP INDEX task_unique_until; ALTER TABLE task_unique DROP COLUMN scope; "
    "ALTER TABLE task_unique DROP COLUMN until_us; DROP TABLE task_expiries; "
    "DROP INDEX task_scheduled_type",
    "DROP TABLE task_schedules; DROP TABLE task_schedule_runs",
    "DROP TABLE task_blocked; DROP TABLE task_dependencies; DROP TABLE task_batches; "
    "DROP TABLE task_batch_members; DROP TABLE task_ends",
    "DROP TABLE task_ciphers; ALTER TABLE task_schedules DROP COLUMN encrypted",
    "SELECT 1",
};
const std::vector<std::vector<const char*>> postgres_undone{
    {"DROP TABLE api_keys", "DROP TABLE audit_log", "DROP FUNCTION audit_log_refuse()"},
    {"ALTER TABLE task_workers DROP COLUMN command"},
    {"DROP TABLE kept_answers"},
    {"DROP TABLE task_edits CASCADE", "DROP TABLE task_operations, task_operation_batches"},
    {"DROP TABLE task_changes", "DROP TABLE task_change_marks"},
    {"DROP TABLE sessions", "ALTER TABLE api_keys DROP COLUMN rate"},
    {"ALTER TABLE task_types DROP COLUMN flow", "ALTER TABLE task_requests DROP COLUMN terms"},
    {"DROP TABLE task_queued, task_slots, task_gates, task_flow_buckets",
     "ALTER TABLE task_types DROP COLUMN gated", "ALTER TABLE task_leases DROP COLUMN gated",
     "ALTER TABLE task_scheduled DROP COLUMN flow_key", "DROP FUNCTION turn_of, flow_key"},
    {"ALTER TABLE task_gates DROP COLUMN breaker"},
    {"ALTER TABLE task_unique DROP COLUMN scope", "ALTER TABLE task_unique DROP COLUMN until",
     "DROP TABLE task_expiries", "DROP INDEX task_scheduled_type"},
    {"DROP TABLE task_schedules, task_schedule_runs"},
    {"DROP TABLE task_blocked, task_dependencies, task_batches, task_batch_members, task_ends"},
    {"DROP TABLE task_ciphers", "ALTER TABLE task_schedules DROP COLUMN encrypted"},
    // The first range becomes the table again; it holds all that a test has made by then.
    {R"sql(DO $undo$
DECLARE
  shown jsonb;
  name text;
  part text;
  one record;
BEGIN
  SELECT jsonb_object_agg(v.relname, pg_get_viewdef(v.oid)) INTO shown
  FROM pg_class v WHERE v.relnamespace = 'esteira'::regnamespace AND v.relkind = 'v';
  FOREACH name IN ARRAY ARRAY['task_requests', 'task_executions', 'task_tags', 'task_logs'] LOOP
    SELECT name || '_' || high INTO part FROM task_ranges ORDER BY low LIMIT 1;
    EXECUTE format('ALTER TABLE %I DETACH PARTITION %I', name, part);
    EXECUTE format('ALTER TABLE %I RENAME TO %I', name, name || '_whole');
    EXECUTE format('ALTER TABLE %I RENAME TO %I', part, name);
  END LOOP;
  FOR one IN SELECT key, value FROM jsonb_each_text(shown) LOOP
    EXECUTE format('CREATE OR REPLACE VIEW %I AS %s', one.key, one.value);
  END LOOP;
  DROP TABLE task_requests_whole, task_executions_whole, task_tags_whole, task_logs_whole;
  FOR one IN SELECT relname FROM pg_class WHERE relnamespace = 'esteira'::regnamespace
             AND relkind = 'i' AND relname ~ '_[0-9]+_' LOOP
    EXECUTE format('ALTER INDEX %I RENAME TO %I', one.relname,
                   regexp_replace(one.relname, '_[0-9]+_', '_'));
  END LOOP;
END
$undo$)sql",
     "DELETE FROM meta WHERE key = 'range_width'", "DROP TABLE task_ranges",
     "DROP FUNCTION make_range, hold_range, drop_range, learn_range"},
};
// The migrations after 0002 that make the view task_states anew.
const std::vector<std::pair<int, const char*>> sqlite_views{
    {7, "/0007_operations.sql"}, {11, "/0011_gates.sql"}, {15, "/0015_dependencies.sql"}};

std::string text_of(const std::string& path) {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
}

// What a migration of SQLite says of its views: they stand last, or before a blank line.
std::string views_of(const std::string& path) {
  const auto text = text_of(path);
  const auto begin = text.find("DROP VIEW task_states;");
  return text.substr(begin, text.find(";\n\n", begin) - begin) + ";";
}

std::size_t undone_index(int version) { return static_cast<std::size_t>(version) - 4; }

class SqliteTransaction final : public OtherTransaction {
 public:
  explicit SqliteTransaction(const std::string& path) : client_(path) {
    client_.execute("BEGIN IMMEDIATE");
  }
  [[nodiscard]] CallerConnection connection() const override { return client_.handle(); }
  void run(const std::string& sql) override { client_.query(sql); }
  void commit() override { client_.execute("COMMIT"); }
  void roll_back() override { client_.execute("ROLLBACK"); }

 private:
  SqliteClient client_;
};

class PostgresTransaction final : public OtherTransaction {
 public:
  explicit PostgresTransaction(const std::string& url) : client_(url) { client_.execute("BEGIN"); }
  [[nodiscard]] CallerConnection connection() const override { return client_.handle(); }
  void run(const std::string& sql) override { client_.query(sql); }
  void commit() override { client_.execute("COMMIT"); }
  void roll_back() override { client_.execute("ROLLBACK"); }

 private:
  PostgresClient client_;
};

// A libpq connection that leads nowhere.
class UnconnectedPostgres {
 public:
  UnconnectedPostgres() : connection_(PQconnectStart("host=/nonexistent")) {}
  ~UnconnectedPostgres() { PQfinish(connection_); }
  UnconnectedPostgres(const UnconnectedPostgres&) = delete;
  UnconnectedPostgres& operator=(const UnconnectedPostgres&) = delete;
  [[nodiscard]] PGconn* handle() const { return connection_; }

 private:
  PGconn* connection_;
};

class SqliteFileStore : public Store {
 public:
  [[nodiscard]] std::string url() const override { return "sqlite:" + path("esteira.db"); }
  [[nodiscard]] std::shared_ptr<TaskRepository> open() override {
    return must(open_repository(url()));
  }
  [[nodiscard]] std::unique_ptr<OtherTransaction> begin() override {
    return std::make_unique<SqliteTransaction>(path("esteira.db"));
  }
  SqlRows query(const std::string& sql) override {
    return SqliteClient{path("esteira.db")}.query(sql);
  }
  [[nodiscard]] CallerConnection foreign_connection() override { return foreign_.handle(); }
  [[nodiscard]] std::string empty_url() override { return "sqlite:" + path("empty.db"); }
  void pretend_newer_schema() override {
    SqliteClient{path("esteira.db")}.execute(
        "UPDATE esteira_meta SET value = value + 1 WHERE key = 'schema_version'");
  }
  void take_back_to(int version) override {
    SqliteClient client{path("esteira.db")};
    // The views name what later migrations brought: older ones come back.
    client.execute(
        "DROP VIEW tasks; DROP VIEW task_executions; DROP VIEW task_details; "
        "DROP VIEW task_states");
    for (std::size_t i = sqlite_undone.size(); i > undone_index(version + 1); --i) {
      client.execute(sqlite_undone[i - 1]);
    }
    client.execute(text_of(ESTEIRA_SQLITE_MIGRATIONS "/0002_views.sql"));
    for (const auto& [brought, file] : sqlite_views) {
      if (version >= brought)
        client.execute(views_of(ESTEIRA_SQLITE_MIGRATIONS + std::string(file)));
    }
    client.execute(("UPDATE esteira_meta SET value = " + std::to_string(version) +
                    " WHERE key = 'schema_version'"));
  }
  void disarm_the_audit_trail() override {
    SqliteClient{path("esteira.db")}.execute(
        "DROP TRIGGER audit_log_no_update; DROP TRIGGER audit_log_no_delete");
  }
  [[nodiscard]] bool migrates_itself() const override { return true; }

 protected:
  [[nodiscard]] std::string path(const std::string& name) const {
    return (directory_.path() / name).string();
  }

 private:
  TemporaryDirectory directory_;
  UnconnectedPostgres foreign_;
};

class SqliteMemoryStore final : public SqliteFileStore {
 public:
  [[nodiscard]] std::string url() const override { return "sqlite::memory:"; }
};

// Databases are named after their process's chance, so that many test processes share a server.
std::string fresh_database_name() {
  static const std::string prefix = [] {
    SystemRandom random;
    return "esteira_" + std::to_string(random.next());
  }();
  static std::atomic<int> count{0};
  return prefix + "_" + std::to_string(++count);
}

// Migrated once in a process; each store is a copy of it.
class Template {
 public:
  Template() : name_(fresh_database_name()) {
    PostgresServer& server = PostgresServer::shared();
    server.create_database(name_);
    must(open_repository(server.url(name_), Migrate::always));
  }
  ~Template() { PostgresServer::shared().drop_database(name_); }
  Template(const Template&) = delete;
  Template& operator=(const Template&) = delete;
  [[nodiscard]] const std::string& name() const { return name_; }

 private:
  std::string name_;
};

class PostgresStore : public Store {
 public:
  PostgresStore() : database_(fresh_database_name()), foreign_(":memory:") {
    static const Template schema;
    PostgresServer::shared().create_database(database_, schema.name());
  }
  ~PostgresStore() override {
    PostgresServer::shared().drop_database(database_);
    if (!empty_.empty()) PostgresServer::shared().drop_database(empty_);
  }
  PostgresStore(const PostgresStore&) = delete;
  PostgresStore& operator=(const PostgresStore&) = delete;

  [[nodiscard]] std::string url() const override { return url_of(database_); }
  [[nodiscard]] std::shared_ptr<TaskRepository> open() override {
    return must(open_repository(url()));
  }
  [[nodiscard]] std::unique_ptr<OtherTransaction> begin() override {
    return std::make_unique<PostgresTransaction>(url());
  }
  SqlRows query(const std::string& sql) override {
    PostgresClient client{PostgresServer::shared().url(database_)};
    client.execute("SET search_path = esteira");
    return client.query(sql);
  }
  [[nodiscard]] CallerConnection foreign_connection() override { return foreign_.handle(); }
  [[nodiscard]] std::string empty_url() override {
    if (empty_.empty()) {
      empty_ = fresh_database_name();
      PostgresServer::shared().create_database(empty_);
    }
    return url_of(empty_);
  }
  void pretend_newer_schema() override {
    query("INSERT INTO schema_migrations SELECT max(version) + 1 FROM schema_migrations");
  }
  void take_back_to(int version) override {
    for (std::size_t i = postgres_undone.size(); i > undone_index(version + 1); --i) {
      for (const char* statement : postgres_undone[i - 1]) query(statement);
    }
    query("DELETE FROM schema_migrations WHERE version > " + std::to_string(version));
  }
  void disarm_the_audit_trail() override { query("ALTER TABLE audit_log DISABLE TRIGGER ALL"); }
  [[nodiscard]] bool migrates_itself() const override { return false; }

 protected:
  [[nodiscard]] virtual std::string url_of(const std::string& database) const {
    return PostgresServer::shared().url(database);
  }

 private:
  std::string database_;
  std::string empty_;
  SqliteClient foreign_;
};

class PgBouncerStore final : public PostgresStore {
 protected:
  [[nodiscard]] std::string url_of(const std::string& database) const override {
    return PgBouncer::shared().url(database);
  }
};

template <class Kind>
std::unique_ptr<Store> make() {
  return std::make_unique<Kind>();
}

const StoreKind sqlite_file{.name = "sqlite_file", .make = make<SqliteFileStore>};
const StoreKind sqlite_memory{.name = "sqlite_memory", .make = make<SqliteMemoryStore>};
const StoreKind postgresql{.name = "postgresql", .make = make<PostgresStore>};
const StoreKind pgbouncer{.name = "pgbouncer", .make = make<PgBouncerStore>};

}  // namespace

std::ostream& operator<<(std::ostream& out, const StoreKind& kind) { return out << kind.name; }

std::vector<StoreKind> every_store() { return {sqlite_file, sqlite_memory, postgresql, pgbouncer}; }
std::vector<StoreKind> shared_stores() { return {sqlite_file, postgresql, pgbouncer}; }
std::vector<StoreKind> concurrent_stores() { return {postgresql, pgbouncer}; }
std::string store_name(const testing::TestParamInfo<StoreKind>& info) { return info.param.name; }

}  // namespace esteira::test
