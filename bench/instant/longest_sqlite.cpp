// SQLite: who wants the write lock waits at most as long as others hold it. It is asked for as
// often as can be, and given back at once.
#include <chrono>
#include <thread>

#include <sqlite3.h>

#include "instant.hpp"

namespace esteira::instant {
namespace {

constexpr std::chrono::microseconds again{500};

class SqliteLock final : public LongestTransaction {
 public:
  explicit SqliteLock(const std::string& path) {
    check(sqlite3_open_v2(path.c_str(), &handle_, SQLITE_OPEN_READWRITE, nullptr));
    // The engine makes the checkpoints.
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    check(sqlite3_exec(handle_, "PRAGMA wal_autocheckpoint=0", nullptr, nullptr, nullptr));
  }
  ~SqliteLock() override { sqlite3_close(handle_); }
  SqliteLock(const SqliteLock&) = delete;
  SqliteLock& operator=(const SqliteLock&) = delete;

  void look() override {
    const auto begin = std::chrono::steady_clock::now();
    int code = SQLITE_BUSY;
    while ((code = sqlite3_exec(handle_, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr)) ==
           SQLITE_BUSY) {
      std::this_thread::sleep_for(again);
    }
    check(code);
    const std::chrono::duration<double, std::milli> waited =
        std::chrono::steady_clock::now() - begin;
    check(sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr));
    longest_ms_ = std::max(longest_ms_, waited.count());
  }
  [[nodiscard]] double longest_ms() const override { return longest_ms_; }

 private:
  void check(int code) const {
    if (code != SQLITE_OK) throw std::runtime_error(sqlite3_errmsg(handle_));
  }

  sqlite3* handle_ = nullptr;
  double longest_ms_ = 0;
};

}  // namespace

std::unique_ptr<LongestTransaction> watch_sqlite(const std::string& path) {
  return std::make_unique<SqliteLock>(path);
}

}  // namespace esteira::instant
