// Another program's view of a SQLite file.
#pragma once

#include <memory>
#include <string>

#include <sqlite3.h>

#include "support/postgres_client.hpp"

namespace esteira::test {

class SqliteClient {
 public:
  // Throws where the file can't be opened.
  explicit SqliteClient(const std::string& path);

  SqlRows query(const std::string& sql);
  void execute(const std::string& sql);
  [[nodiscard]] sqlite3* handle() const { return connection_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* connection) const { sqlite3_close_v2(connection); }
  };
  std::unique_ptr<sqlite3, Close> connection_;
};

}  // namespace esteira::test
