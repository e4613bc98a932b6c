// One connection to the server, and how statements travel over it.
//
// Everything goes with binary parameters and results, many statements at a time in libpq's
// pipeline mode. On a server connection of its own, statements are prepared at their first use:
// planning a tick anew costs more than running a small one. Behind a pool such as PgBouncer, which
// may hand each transaction to another server connection, nothing is left behind in the session:
// all statements are unnamed.
#pragma once

#include <chrono>
#include <deque>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
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

  // Between these two, every transaction above is a part (a savepoint) of one, which a lost
  // connection undoes as a whole. `keep`: commits, else rolls back.
  [[nodiscard]] Expected<void> begin_whole();
  [[nodiscard]] Expected<void> end_whole(bool keep);

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
  // The name that a statement is prepared under, or "".
  [[nodiscard]] Expected<std::string> prepare(const Statement& statement);
  [[nodiscard]] Expected<std::vector<Rows>> receive(bool commits);
  void take_prepared(std::optional<std::string> sql, bool succeeded);
  [[nodiscard]] Error lost(bool commits);
  void settle();
  [[nodiscard]] Expected<std::vector<Rows>> part(std::span<const Statement> statements);
  // Sends one statement and waits for its answer.
  [[nodiscard]] Expected<void> command(std::string_view sql, bool commits);

  const std::string url_;
  std::unique_ptr<pg_conn, Close> connection_;
  // Between begin_whole and end_whole.
  bool whole_ = false;
  // Inside roll_back.
  bool undoing_ = false;
  // One connection to one server process: its prepared statements last.
  bool direct_ = false;
  // A server process was taken for one of our own and was not.
  bool pooled_ = false;
  // By their text.
  std::unordered_map<std::string, std::string> prepared_;
  // What was sent and not yet answered: the text that is being prepared, or nothing for a statement
  // that runs.
  std::deque<std::optional<std::string>> sent_;
  std::unordered_map<std::string, std::string> preparing_;
  std::uint64_t names_ = 0;
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

// Whether a pool stands between: it is known by the process id that it makes up.
[[nodiscard]] bool behind_pool(pg_conn* connection);

// What a failed result means: the one table of SQLSTATEs.
[[nodiscard]] Error error_of(const pg_result* result, pg_conn* connection);

// `sql` with each `mark` (":limit") replaced: a number that is inlined, not passed, because the
// planner expects a tenth of the table from a LIMIT that it cannot see.
[[nodiscard]] std::string inlined(std::string_view sql, std::string_view mark, int number);

}  // namespace esteira::postgres
