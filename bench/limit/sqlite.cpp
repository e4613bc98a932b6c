#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <sqlite3.h>

#include "limit.hpp"

namespace esteira::limit {
namespace {

class Database {
 public:
  explicit Database(const std::string& path) {
    check(sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READWRITE, nullptr));
    // The engine's settings.
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=FULL");
    run("PRAGMA cache_size=-65536");
  }
  ~Database() { sqlite3_close(handle_); }
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  void run(const char* sql) { check(sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr)); }
  void check(int code) const {
    if (code == SQLITE_OK || code == SQLITE_ROW || code == SQLITE_DONE) return;
    throw std::runtime_error(sqlite3_errmsg(handle_));
  }
  [[nodiscard]] sqlite3* handle() const { return handle_; }

 private:
  sqlite3* handle_ = nullptr;
};

class Statement {
 public:
  Statement(const Database& database, std::string_view sql) : database_(database) {
    sqlite3_stmt* statement = nullptr;
    database.check(sqlite3_prepare_v3(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                      SQLITE_PREPARE_PERSISTENT, &statement, nullptr));
    statement_.reset(statement);
  }

  void bind(int index, std::int64_t value) { sqlite3_bind_int64(statement_.get(), index, value); }
  void bind(int index, std::string_view text) {
    sqlite3_bind_text(statement_.get(), index, text.data(), static_cast<int>(text.size()),
                      SQLITE_STATIC);
  }
  // False at the end of the rows, ready to be bound again.
  bool step() {
    const int code = sqlite3_step(statement_.get());
    if (code == SQLITE_ROW) return true;
    database_.check(code);
    sqlite3_reset(statement_.get());
    return false;
  }
  template <class... Values>
  void run(const Values&... values) {
    int index = 0;
    (bind(++index, values), ...);
    step();
  }
  [[nodiscard]] std::int64_t integer(int column) const {
    return sqlite3_column_int64(statement_.get(), column);
  }
  [[nodiscard]] std::string text(int column) const {
    const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_.get(), column));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_.get(), column));
    return {bytes, size};
  }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
  };
  const Database& database_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
};

std::int64_t now_us() {
  return std::chrono::duration_cast<std::chrono::microseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

struct Claimed {
  std::int64_t task_id = 0;
  std::int64_t run_at = 0;
  std::string payload;
};

class Loop {
 public:
  Loop(Database& database, std::int64_t type_id)
      : database_(database), type_id_(type_id), next_id_(highest_id(database)) {}

  void enqueue(int first, int count) {
    database_.run("BEGIN IMMEDIATE");
    const auto now = now_us();
    for (int i = first; i < first + count; ++i) {
      ++next_id_;
      insert_request_.run(next_id_, type_id_, now, payload(i));
      insert_ready_.run(type_id_, now, next_id_);
    }
    database_.run("COMMIT");
  }

  // Finishes what the call before claimed and claims the next batch; answers its size.
  std::size_t tick(int batch) {
    database_.run("BEGIN IMMEDIATE");
    finish();
    claim(batch);
    database_.run("COMMIT");
    return claimed_.size();
  }

 private:
  static std::int64_t highest_id(const Database& database) {
    Statement statement{database, "SELECT coalesce(max(task_id), 0) FROM task_requests"};
    statement.step();
    return statement.integer(0);
  }

  void finish() {
    if (claimed_.empty()) return;
    const auto now = now_us();
    for (const auto& task : claimed_) {
      insert_execution_.run((task.task_id << 16) + 1, claimed_at_, now, lease_, task.payload);
    }
    delete_lease_.run(lease_);
  }

  void claim(int batch) {
    claimed_.clear();
    select_ready_.bind(1, type_id_);
    select_ready_.bind(2, std::int64_t{batch});
    while (select_ready_.step()) {
      claimed_.push_back({.task_id = select_ready_.integer(0),
                          .run_at = select_ready_.integer(1),
                          .payload = select_ready_.text(2)});
    }
    if (claimed_.empty()) return;
    std::string held = "[";
    for (const auto& task : claimed_) {
      delete_ready_.run(type_id_, task.run_at, task.task_id);
      fmt::format_to(std::back_inserter(held), "{}[{},1,0,0,{},0]", held.size() > 1 ? "," : "",
                     task.task_id, task.run_at);
    }
    held += "]";
    claimed_at_ = now_us();
    lease_ = fmt::format("{:016}", ++leases_);
    insert_lease_.run(lease_, claimed_at_, held);
  }

  Database& database_;
  const std::int64_t type_id_;
  std::int64_t next_id_;
  std::vector<Claimed> claimed_;
  std::string lease_;
  std::int64_t claimed_at_ = 0;
  int leases_ = 0;

  Statement insert_request_{database_,
                            "INSERT INTO task_requests (task_id, type_id, priority, max_retries, "
                            "created_at_us, payload) VALUES (?1, ?2, 0, 3, ?3, ?4)"};
  Statement insert_ready_{database_,
                          "INSERT INTO task_ready (type_id, priority, run_at_us, task_id, "
                          "retries, crashes, attempt, flags) VALUES (?1, 0, ?2, ?3, 0, 0, 0, 0)"};
  Statement select_ready_{database_,
                          "SELECT w.task_id, w.run_at_us, r.payload FROM task_ready w "
                          "JOIN task_requests r ON r.task_id = w.task_id "
                          "WHERE w.type_id = ?1 AND w.priority = 0 "
                          "ORDER BY w.run_at_us, w.task_id LIMIT ?2"};
  Statement delete_ready_{database_,
                          "DELETE FROM task_ready WHERE type_id = ?1 AND priority = 0 "
                          "AND run_at_us = ?2 AND task_id = ?3"};
  Statement insert_lease_{database_,
                          "INSERT INTO task_leases (lease_id, part, expires_at_us, claimed_at_us, "
                          "worker, tasks) VALUES (?1, 0, ?2 + 30000000, ?2, 'limit', ?3)"};
  Statement delete_lease_{database_, "DELETE FROM task_leases WHERE lease_id = ?1"};
  Statement insert_execution_{
      database_,
      "INSERT INTO task_attempts (execution_id, status, ends_task, started_at_us, "
      "completed_at_us, retries, crashes, lease_id, worker, result) "
      "VALUES (?1, 'COMPLETED', 1, ?2, ?3, 0, 0, ?4, 'limit', ?5)"};
};

std::int64_t noop_type(const Database& database) {
  Statement statement{database, "SELECT type_id FROM task_types WHERE name = 'NOOP'"};
  if (!statement.step()) throw std::runtime_error("there is no type NOOP: esteira type set NOOP");
  return statement.integer(0);
}

}  // namespace

Rates measure_sqlite(const Settings& settings) {
  Database database{settings.address};
  Loop loop{database, noop_type(database)};
  Rates rates;
  const Stopwatch singles;
  for (int i = 0; i < settings.singles; ++i) loop.enqueue(i, 1);
  rates.enqueue_one_by_one_per_second = singles.rate(settings.singles);

  const Stopwatch batches;
  for (int i = 0; i < settings.tasks; i += settings.batch) {
    loop.enqueue(i, std::min(settings.batch, settings.tasks - i));
  }
  rates.enqueue_per_second = batches.rate(settings.tasks);

  int drained = 0;
  const Stopwatch drain;
  while (const auto claimed = loop.tick(settings.batch)) drained += static_cast<int>(claimed);
  rates.drain_per_second = drain.rate(drained);
  return rates;
}

}  // namespace esteira::limit
