#include "engines/sqlite/checkpoint.hpp"

#include <algorithm>

namespace esteira::sqlite {

void Checkpointer::after_commit(Connection& connection) {
  const int pages = connection.wal_pages();
  // The log starts over by itself once a checkpoint was complete.
  if (pages < first_pages) pages_wanted_ = first_pages;
  if (pages < pages_wanted_) return;
  // Where a long reader keeps a checkpoint from being complete, the log grows on and the next try
  // waits for more, instead of copying little after every commit.
  pages_wanted_ = pages + first_pages / 4;
  [[maybe_unused]] const auto tried = run(connection);
}

Expected<void> Checkpointer::run(Connection& connection) {
  if (connection.in_memory() || connection.wal_pages() == pages_seen_) return {};
  if (!second_) second_ = ESTEIRA_TRY(Connection::open(path_));
  auto write_lock = ESTEIRA_TRY(Transaction::begin(connection));
  const int code = sqlite3_wal_checkpoint_v2(second_->handle(), "main", SQLITE_CHECKPOINT_PASSIVE,
                                             nullptr, nullptr);
  // Busy: another connection is at it, which is as good.
  if (code == SQLITE_OK || (code & 0xff) == SQLITE_BUSY) {
    pages_seen_ = connection.wal_pages();
    return {};
  }
  return failure(second_->handle(), code, "moving the write-ahead log into the database");
}

}  // namespace esteira::sqlite
