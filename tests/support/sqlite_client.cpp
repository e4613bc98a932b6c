#include "support/sqlite_client.hpp"

#include <stdexcept>

namespace esteira::test {
namespace {

constexpr int busy_timeout_ms = 10'000;

struct Finalize {
  void operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }
};

SqlRow row_of(sqlite3_stmt* statement) {
  SqlRow row;
  for (int column = 0; column < sqlite3_column_count(statement); ++column) {
    const unsigned char* text = sqlite3_column_text(statement, column);
    if (text == nullptr) {
      row.emplace_back(std::nullopt);
    } else {
      row.emplace_back(reinterpret_cast<const char*>(text));
    }
  }
  return row;
}

}  // namespace

SqliteClient::SqliteClient(const std::string& path) {
  sqlite3* connection = nullptr;
  const int status = sqlite3_open(path.c_str(), &connection);
  connection_.reset(connection);
  if (status != SQLITE_OK) throw std::runtime_error("opening " + path + " failed");
  sqlite3_busy_timeout(connection, busy_timeout_ms);
  // Checkpoints are Esteira's business: two connections that checkpoint at once are a known race.
  execute("PRAGMA wal_autocheckpoint = 0");
  sqlite3_db_config(connection, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
}

SqlRows SqliteClient::query(const std::string& sql) {
  sqlite3_stmt* raw = nullptr;
  if (sqlite3_prepare_v2(handle(), sql.c_str(), -1, &raw, nullptr) != SQLITE_OK) {
    throw std::runtime_error(sqlite3_errmsg(handle()));
  }
  const std::unique_ptr<sqlite3_stmt, Finalize> statement{raw};
  SqlRows rows;
  int status = sqlite3_step(raw);
  for (; status == SQLITE_ROW; status = sqlite3_step(raw)) rows.push_back(row_of(raw));
  if (status != SQLITE_DONE) throw std::runtime_error(sqlite3_errmsg(handle()));
  return rows;
}

void SqliteClient::execute(const std::string& sql) {
  if (sqlite3_exec(handle(), sql.c_str(), nullptr, nullptr, nullptr) != SQLITE_OK) {
    throw std::runtime_error(sqlite3_errmsg(handle()));
  }
}

}  // namespace esteira::test
