// A thin layer over the C API of SQLite: a handle, cached statements, a transaction, and the one
// place where its result codes become errors.
#pragma once

#include <concepts>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include <sqlite3.h>

#include "base/assert.hpp"
#include "base/sha256.hpp"
#include "domain/claim.hpp"
#include "esteira/error.hpp"
#include "esteira/time.hpp"

namespace esteira::sqlite {

// What the result code `code` of `handle` (may be null) means; `what` says what was tried, as in
// "claiming tasks". Never holds a bound value.
[[nodiscard]] std::unexpected<Error> failure(sqlite3* handle, int code, std::string_view what);

// One use of a cached statement: bound, stepped, and reset at the end of its scope. What is bound
// as text must outlive the query.
class Query {
 public:
  explicit Query(sqlite3_stmt* statement) : statement_(statement) {}
  ~Query() {
    if (statement_ != nullptr) sqlite3_reset(statement_);
  }
  Query(Query&& other) noexcept : statement_(std::exchange(other.statement_, nullptr)) {}
  Query(const Query&) = delete;
  Query& operator=(const Query&) = delete;
  Query& operator=(Query&&) = delete;

  // Binds all parameters from ?1 on. Values that the statement has no parameter for are left out,
  // so that statements with one purpose can share a list.
  template <class... Values>
  Query& bind(const Values&... values) {
    int index = 0;
    (bind_one(++index, values), ...);
    return *this;
  }

  // True: there is a row to read.
  [[nodiscard]] Expected<bool> step();
  // Steps to the end and resets, ready to be bound again.
  [[nodiscard]] Expected<void> run();
  template <class... Values>
  [[nodiscard]] Expected<void> run_with(const Values&... values) {
    bind(values...);
    return run();
  }
  void reset() { sqlite3_reset(statement_); }
  // Rows that the last run inserted, updated or deleted.
  [[nodiscard]] int changes() const { return sqlite3_changes(sqlite3_db_handle(statement_)); }

  // Columns of the row, from 0.
  [[nodiscard]] bool is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
  }
  [[nodiscard]] std::int64_t integer(int column) const {
    return sqlite3_column_int64(statement_, column);
  }
  [[nodiscard]] int small(int column) const { return sqlite3_column_int(statement_, column); }
  [[nodiscard]] double real(int column) const { return sqlite3_column_double(statement_, column); }
  // Valid until the next step.
  [[nodiscard]] std::string_view view(int column) const;
  [[nodiscard]] std::string text(int column) const { return std::string(view(column)); }
  [[nodiscard]] Time time(int column) const { return Time{Duration{integer(column)}}; }
  [[nodiscard]] Duration duration(int column) const { return Duration{integer(column)}; }
  [[nodiscard]] LeaseId lease_id(int column) const;
  // What is no digest reads as one that nothing has.
  [[nodiscard]] Sha256 sha256(int column) const;
  [[nodiscard]] std::optional<std::string> optional_text(int column) const;
  [[nodiscard]] std::optional<Time> optional_time(int column) const;
  [[nodiscard]] std::optional<Duration> optional_duration(int column) const;

 private:
  void bind_one(int index, std::integral auto value) {
    sqlite3_bind_int64(statement_, index, static_cast<sqlite3_int64>(value));
  }
  void bind_one(int index, double value) { sqlite3_bind_double(statement_, index, value); }
  void bind_one(int index, std::string_view value) {
    sqlite3_bind_text64(statement_, index, value.data() == nullptr ? "" : value.data(),
                        value.size(), SQLITE_STATIC, SQLITE_UTF8);
  }
  void bind_one(int index, const std::string& value) { bind_one(index, std::string_view(value)); }
  void bind_one(int index, const char* value) { bind_one(index, std::string_view(value)); }
  void bind_one(int index, std::nullptr_t) { sqlite3_bind_null(statement_, index); }
  void bind_one(int index, Time value) { bind_one(index, value.time_since_epoch().count()); }
  void bind_one(int index, Duration value) { bind_one(index, value.count()); }
  void bind_one(int index, const LeaseId& value) {
    sqlite3_bind_blob64(statement_, index, value.bytes.data(), value.bytes.size(), SQLITE_STATIC);
  }
  void bind_one(int index, const Sha256& value) {
    sqlite3_bind_blob64(statement_, index, value.data(), value.size(), SQLITE_STATIC);
  }
  template <class Value>
  void bind_one(int index, const std::optional<Value>& value) {
    value ? bind_one(index, *value) : bind_one(index, nullptr);
  }

  sqlite3_stmt* statement_;
};

// A handle and its prepared statements. Used by one thread at a time.
class Connection {
 public:
  // Opens `path` (or ":memory:") for reading and writing, with this engine's settings.
  [[nodiscard]] static Expected<std::unique_ptr<Connection>> open(const std::string& path);
  // Speaks through somebody else's handle, which stays theirs.
  [[nodiscard]] static Connection adopt(sqlite3* handle) { return {handle, /*owned=*/false}; }
  ~Connection();
  Connection(Connection&& other) noexcept
      : handle_(std::exchange(other.handle_, nullptr)),
        owned_(other.owned_),
        statements_(std::move(other.statements_)) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  Connection& operator=(Connection&&) = delete;

  // `sql` is a constant of the generated header: its address names the cached statement.
  [[nodiscard]] Expected<Query> query(std::string_view sql);
  // Binds, runs to the end and forgets the rows.
  template <class... Values>
  [[nodiscard]] Expected<void> run(std::string_view sql, const Values&... values) {
    auto prepared = query(sql);
    if (!prepared) return std::unexpected(std::move(prepared).error());
    return prepared->run_with(values...);
  }
  // Runs a script of several statements without parameters.
  [[nodiscard]] Expected<void> script(std::string_view sql, std::string_view what);

  [[nodiscard]] sqlite3* handle() const { return handle_; }
  [[nodiscard]] bool in_memory() const;
  [[nodiscard]] bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }
  // Pages in the WAL after this connection's last commit; 0 before it.
  [[nodiscard]] int wal_pages() const { return wal_ == nullptr ? 0 : wal_->pages; }

 private:
  struct Wal {
    int pages = 0;
  };

  Connection(sqlite3* handle, bool owned) : handle_(handle), owned_(owned) {}
  [[nodiscard]] Expected<void> configure(const std::string& path);
  [[nodiscard]] Expected<void> use_wal(const std::string& path);
  // Keeps SQLite from checkpointing by itself, and counts what there is to checkpoint.
  void watch_wal();

  sqlite3* handle_ = nullptr;
  bool owned_ = false;
  std::unique_ptr<Wal> wal_;  // its address is known to SQLite's hook
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
};

// BEGIN IMMEDIATE … COMMIT: the write lock is taken at the start, so that a transaction which read
// first never fails half-way because another process wrote. Rolls back unless committed. Where a
// transaction is open already, this one is a part of it: a savepoint.
class Transaction {
 public:
  [[nodiscard]] static Expected<Transaction> begin(Connection& connection);
  ~Transaction();
  Transaction(Transaction&& other) noexcept
      : connection_(std::exchange(other.connection_, nullptr)),
        within_(other.within_),
        ended_(other.ended_) {}
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;
  Transaction& operator=(Transaction&&) = delete;

  [[nodiscard]] Expected<void> commit();

 private:
  Transaction(Connection& connection, bool within) : connection_(&connection), within_(within) {}
  Connection* connection_;
  bool within_;
  bool ended_ = false;  // a part that was released
};

}  // namespace esteira::sqlite
