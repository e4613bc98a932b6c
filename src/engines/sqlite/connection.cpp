#include "engines/sqlite/connection.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>

namespace esteira::sqlite {
namespace {

using namespace std::chrono_literals;

constexpr auto busy_limit = 5s;
// Other processes hold the write lock for a few milliseconds; SQLite's own waits grow to 100 ms,
// which would leave the lock unused.
constexpr auto busy_wait_max = 5ms;

int on_busy(void* /*context*/, int calls) {
  // Waits of 0.25, 0.5, 1, 2, 4, 5, 5 … ms; after the doubling each call stands for the same time.
  const auto wait =
      std::min<std::chrono::microseconds>(250us * (1 << std::min(calls, 5)), busy_wait_max);
  if (calls * busy_wait_max > busy_limit) return 0;
  std::this_thread::sleep_for(wait);
  return 1;
}

// Text of SQLite for the failure, without anything bound.
std::string describe(sqlite3* handle, int code) {
  std::string text = handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(code);
  const int system = handle != nullptr ? sqlite3_system_errno(handle) : 0;
  const bool about_files = (code & 0xff) == SQLITE_IOERR || (code & 0xff) == SQLITE_CANTOPEN;
  if (about_files && system != 0) text += fmt::format(" ({})", std::strerror(system));
  return text;
}

}  // namespace

std::unexpected<Error> failure(sqlite3* handle, int code, std::string_view what) {
  const auto text = describe(handle, code);
  switch (code & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
      return fail(ErrorCode::unavailable,
                  fmt::format("{}: another process keeps the database locked; try again", what));
    case SQLITE_FULL:
      return fail(ErrorCode::unavailable,
                  fmt::format("{}: the disk is full; free some space and try again", what));
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
    case SQLITE_NOMEM:
      return fail(ErrorCode::unavailable, fmt::format("{}: {}", what, text));
    case SQLITE_READONLY:
      return fail(ErrorCode::unavailable,
                  fmt::format("{}: the database can't be written: {}", what, text));
    case SQLITE_NOTADB:
      return fail(ErrorCode::invalid_argument,
                  fmt::format("{}: the file is not a SQLite database", what));
    case SQLITE_CONSTRAINT:
      return fail(ErrorCode::conflict, fmt::format("{}: {}", what, text));
    default:
      return fail(ErrorCode::internal, fmt::format("{}: {} ({})", what, text, code));
  }
}

// --- Query ------------------------------------------------------------------------------------

Expected<bool> Query::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  auto* handle = sqlite3_db_handle(statement_);
  return failure(handle, sqlite3_extended_errcode(handle), "the SQLite database");
}

Expected<void> Query::run() {
  int code = SQLITE_ROW;
  while (code == SQLITE_ROW) code = sqlite3_step(statement_);
  if (code != SQLITE_DONE) {
    auto* handle = sqlite3_db_handle(statement_);
    return failure(handle, sqlite3_extended_errcode(handle), "the SQLite database");
  }
  sqlite3_reset(statement_);
  return {};
}

std::string_view Query::view(int column) const {
  // The order matters: the length is that of the text that the first call makes.
  const void* data = sqlite3_column_text(statement_, column);
  if (data == nullptr) return {};
  return {static_cast<const char*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

LeaseId Query::lease_id(int column) const {
  LeaseId lease_id;
  const void* data = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  if (data != nullptr && size == lease_id.bytes.size()) {
    std::memcpy(lease_id.bytes.data(), data, size);
  }
  return lease_id;
}

Sha256 Query::sha256(int column) const {
  Sha256 digest;
  digest.fill(0xFF);
  const void* data = sqlite3_column_blob(statement_, column);
  const auto size = static_cast<std::size_t>(sqlite3_column_bytes(statement_, column));
  if (data != nullptr && size == digest.size()) std::memcpy(digest.data(), data, size);
  return digest;
}

std::optional<std::string> Query::optional_text(int column) const {
  if (is_null(column)) return std::nullopt;
  return text(column);
}
std::optional<Time> Query::optional_time(int column) const {
  if (is_null(column)) return std::nullopt;
  return time(column);
}
std::optional<Duration> Query::optional_duration(int column) const {
  if (is_null(column)) return std::nullopt;
  return duration(column);
}

// --- Connection -------------------------------------------------------------------------------

Expected<std::unique_ptr<Connection>> Connection::open(const std::string& path) {
  sqlite3* handle = nullptr;
  // One thread at a time uses a connection: SQLite's own mutex would be paid for nothing.
  const int code =
      sqlite3_open_v2(path.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, nullptr);
  std::unique_ptr<Connection> connection(new Connection(handle, /*owned=*/true));
  if (code != SQLITE_OK) return failure(handle, code, fmt::format("opening '{}'", path));
  ESTEIRA_TRY(connection->configure(path));
  return connection;
}

Expected<void> Connection::configure(const std::string& path) {
  const auto what = fmt::format("opening '{}'", path);
  sqlite3_extended_result_codes(handle_, 1);
  sqlite3_busy_handler(handle_, on_busy, nullptr);
  if (sqlite3_db_readonly(handle_, "main") == 1) {
    return fail(
        ErrorCode::unavailable,
        what + ": this user must be able to write the file; mend its rights (chmod, chown)");
  }
  watch_wal();
  // synchronous=FULL: a task that was acknowledged survives the loss of power. Memory-mapped
  // reading is off: an I/O error would end the process instead of failing the call. Freed pages
  // are overwritten where that costs no further write (FAST), so that deleted payloads mostly go.
  // A log that one large transaction blew up shrinks again when it starts over.
  ESTEIRA_TRY(
      script("PRAGMA synchronous=FULL; PRAGMA foreign_keys=OFF; PRAGMA mmap_size=0;"
             "PRAGMA cache_size=-65536; PRAGMA temp_store=MEMORY; PRAGMA secure_delete=FAST;"
             "PRAGMA journal_size_limit=67108864",
             what));
  return use_wal(path);
}

Expected<void> Connection::use_wal(const std::string& path) {
  // SQLite does not call the busy handler for this change, which two programs that start together
  // on a new file both want.
  for (int attempt = 0;; ++attempt) {
    auto query = ESTEIRA_TRY(this->query("PRAGMA journal_mode=WAL"));
    auto row = query.step();
    const int code = sqlite3_errcode(handle_) & 0xff;
    if (!row && code == SQLITE_BUSY && on_busy(nullptr, attempt) != 0) continue;
    if (!row) return failure(handle_, sqlite3_extended_errcode(handle_), "opening '" + path + "'");
    const auto mode = query.view(0);
    if (mode == "wal" || path == ":memory:") return {};
    return fail(ErrorCode::unsupported,
                fmt::format("opening '{}': its file system can't hold a write-ahead log", path));
  }
}

void Connection::watch_wal() {
  wal_ = std::make_unique<Wal>();
  sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  // Setting a hook of our own is also what switches the automatic checkpoint off.
  sqlite3_wal_hook(
      handle_,
      [](void* wal, sqlite3*, const char*, int pages) {
        static_cast<Wal*>(wal)->pages = pages;
        return SQLITE_OK;
      },
      wal_.get());
}

Connection::~Connection() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  if (owned_) sqlite3_close(handle_);
}

Expected<Query> Connection::query(std::string_view sql) {
  auto& statement = statements_[sql.data()];
  if (statement == nullptr) {
    const int code = sqlite3_prepare_v3(handle_, sql.data(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return failure(handle_, code, "preparing a statement");
  }
  // Two uses at once of one statement would read each other's rows.
  ESTEIRA_ASSERT(sqlite3_stmt_busy(statement) == 0);
  return Query(statement);
}

bool Connection::in_memory() const {
  const char* name = sqlite3_db_filename(handle_, "main");
  return name == nullptr || *name == '\0';
}

Expected<void> Connection::script(std::string_view sql, std::string_view what) {
  const int code = sqlite3_exec(handle_, std::string(sql).c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(handle_, code, what);
  return {};
}

// --- Transaction ------------------------------------------------------------------------------

Expected<Transaction> Transaction::begin(Connection& connection) {
  const bool within = connection.in_transaction();
  ESTEIRA_TRY(connection.run(within ? "SAVEPOINT part" : "BEGIN IMMEDIATE"));
  return Transaction(connection, within);
}

Transaction::~Transaction() {
  if (connection_ == nullptr || ended_ || !connection_->in_transaction()) return;
  sqlite3_exec(connection_->handle(), within_ ? "ROLLBACK TO part; RELEASE part" : "ROLLBACK",
               nullptr, nullptr, nullptr);
}

Expected<void> Transaction::commit() {
  if (within_) {
    auto released = connection_->run("RELEASE part");
    ended_ = released.has_value();
    return released;
  }
  auto committed = connection_->run("COMMIT");
  // An error while the commit is written may or may not reach the disk: only a restart tells.
  if (!committed && (sqlite3_errcode(connection_->handle()) & 0xff) == SQLITE_IOERR) {
    committed.error().code = ErrorCode::in_doubt;
  }
  return committed;
}

}  // namespace esteira::sqlite
