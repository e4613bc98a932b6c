// Moves what the write-ahead log holds into the database file.
#pragma once

#include <memory>
#include <string>

#include "engines/sqlite/connection.hpp"

namespace esteira::sqlite {

// SQLite before 3.51.3 may lose pages when a checkpoint starts while another connection commits a
// transaction that resets the log. No connection of ours checkpoints by itself; a checkpoint is
// made by a second connection while the first holds the write lock, which shuts out every commit,
// also those of programs that know nothing of this rule. It is PASSIVE, so it waits for no reader
// and never resets the log itself.
class Checkpointer {
 public:
  explicit Checkpointer(std::string path) : path_(std::move(path)) {}

  // After a commit: checkpoints once the log has grown enough since the last time. The commit is
  // done whatever comes of it: a failure is for run() to meet again and report.
  void after_commit(Connection& connection);
  // Checkpoints if this connection has committed anything since the last that went well.
  [[nodiscard]] Expected<void> run(Connection& connection);

 private:
  std::string path_;
  std::unique_ptr<Connection> second_;
  int pages_wanted_ = first_pages;
  int pages_seen_ = 0;  // by the last checkpoint that went well
  static constexpr int first_pages = 4000;
};

}  // namespace esteira::sqlite
