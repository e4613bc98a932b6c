// One connection to the server, and how statements travel over it.
//
// Everything goes as unnamed statements with binary parameters and results, many at a time in
// libpq's pipeline mode; nothing is left behind in the session, so that a pool such as PgBouncer
// may hand each transaction to another server connection.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/random.hpp"
#include "engines/postgres/binary.hpp"
#include "esteira/error.hpp"

struct pg_conn;
struct pg_result;

namespace esteira::postgres {

// `sql` ends in a NUL beyond its last character, as every literal and every std::string does.
struct Statement {
  std::string_view sql;
  Params params{};
};

// Runs statements one by one in a transaction that is open: ours or a caller's.
class Runner {
 public:
  virtual ~Runner() = default;
  [[nodiscard]] virtual Expected<Rows> run(std::string_view sql, const Params& params) = 0;
};

// The caller's own connection; its transaction and its mode are left as found.
class CallerRunner final : public Runner {
 public:
  explicit CallerRunner(pg_conn* connection) : connection_(connection) {}
  [[nodiscard]] Expected<Rows> run(std::string_view sql, const Params& params) override;

 private:
  pg_conn* connection_;
};

// How far a lost connection leaves the work in doubt.
enum class Effect : std::uint8_t { reads, writes };

// Opened at the first use and again after a loss, with a jittered back-off. One thread at a time.
class Connection final : public Runner {
 public:
  explicit Connection(std::string url) : url_(std::move(url)) {}

  // The statements in one transaction and one round trip: all or nothing. Answers their rows.
  [[nodiscard]] Expected<std::vector<Rows>> transaction(Effect effect,
                                                        std::span<const Statement> statements);
  // One reading statement, in a transaction of its own.
  [[nodiscard]] Expected<Rows> read(std::string_view sql, Params params = {});
  // One writing statement, in a transaction of its own.
  [[nodiscard]] Expected<Rows> write(std::string_view sql, Params params = {});

  // A transaction of several round trips: begin, run…, then commit or roll back.
  [[nodiscard]] Expected<void> begin();
  [[nodiscard]] Expected<Rows> run(std::string_view sql, const Params& params) override;
  [[nodiscard]] Expected<void> commit();
  void roll_back();

  // Runs a script of many statements in the transaction that is open.
  [[nodiscard]] Expected<void> script(std::string_view sql);
  // Text that this connection quotes as a name.
  [[nodiscard]] pg_conn* handle() { return connection_.get(); }
  // Connects if need be.
  [[nodiscard]] Expected<void> ensure();

 private:
  struct Close {
    void operator()(pg_conn* connection) const;
  };
  [[nodiscard]] Expected<void> connect();
  [[nodiscard]] bool alive();
  [[nodiscard]] Expected<void> send(const Statement& statement);
  [[nodiscard]] Expected<std::vector<Rows>> receive(std::size_t count, bool commits);
  [[nodiscard]] Error lost(bool commits);
  void settle();

  const std::string url_;
  std::unique_ptr<pg_conn, Close> connection_;
  SystemRandom random_;
  int failures_ = 0;
  std::chrono::steady_clock::time_point next_attempt_{};
};

// A transaction of several round trips that rolls back unless it is committed.
class Transaction {
 public:
  explicit Transaction(Connection& connection) : connection_(connection) {}
  ~Transaction() {
    if (open_) connection_.roll_back();
  }
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  [[nodiscard]] Expected<void> begin() {
    auto begun = connection_.begin();
    open_ = begun.has_value();
    return begun;
  }
  [[nodiscard]] Expected<void> commit() {
    open_ = false;
    return connection_.commit();
  }
  [[nodiscard]] Expected<Rows> run(std::string_view sql, const Params& params = {}) {
    return connection_.run(sql, params);
  }

 private:
  Connection& connection_;
  bool open_ = false;
};

// Opens a connection for good or ill; `unavailable` or `invalid_argument` with the server's words.
using Handle = std::unique_ptr<pg_conn, void (*)(pg_conn*)>;
[[nodiscard]] Expected<Handle> connect_to(const std::string& url);
// Where `url` leads, for people: host, port and database, no user and no secret.
[[nodiscard]] Expected<std::string> describe_url(const std::string& url);

// What a failed result means: the one table of SQLSTATEs.
[[nodiscard]] Error error_of(const pg_result* result, pg_conn* connection);

// `sql` with each `mark` (":limit") replaced: a number that is inlined, not passed, because the
// planner expects a tenth of the table from a LIMIT that it cannot see.
[[nodiscard]] std::string inlined(std::string_view sql, std::string_view mark, int number);

}  // namespace esteira::postgres
