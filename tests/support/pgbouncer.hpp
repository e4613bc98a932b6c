// A PgBouncer in transaction mode before a PostgreSQL server: two server connections a database.
#pragma once

#include <optional>
#include <string>
#include <sys/types.h>

#include "support/postgres_server.hpp"
#include "support/temporary_directory.hpp"
#include "support/watcher.hpp"

namespace esteira::test {

class PgBouncer {
 public:
  // Throws with words where pgbouncer is not installed or does not start.
  explicit PgBouncer(const PostgresServer& server);
  ~PgBouncer();
  PgBouncer(const PgBouncer&) = delete;
  PgBouncer& operator=(const PgBouncer&) = delete;

  // Before PostgresServer::shared(), started at the first call.
  static PgBouncer& shared();

  [[nodiscard]] std::string url(const std::string& database) const;

 private:
  void write_settings(const PostgresServer& server) const;

  TemporaryDirectory directory_{"esteira-pgb"};
  std::optional<Watcher> watcher_;
  pid_t pid_ = -1;
};

}  // namespace esteira::test
