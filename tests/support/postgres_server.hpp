// A PostgreSQL server that lives as long as the test: made in a directory of its own, reached by a
// Unix socket and on the loopback, stopped and removed also when the test is killed.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <sys/types.h>
#include <vector>

#include "support/temporary_directory.hpp"
#include "support/watcher.hpp"

namespace esteira::test {

// The user that servers run as: they refuse to be root. "" where this process is not root.
[[nodiscard]] std::string server_user();

class PostgresServer {
 public:
  struct Options {
    // Tests of correctness need no disk: what a killed server has written survives in the kernel.
    bool durable = false;
  };
  // Starts one. Throws with words where PostgreSQL is not installed or does not start.
  static std::unique_ptr<PostgresServer> start(Options options = {.durable = false});
  // One that runs already, reached by a libpq URI.
  static std::unique_ptr<PostgresServer> at(const std::string& url);
  // The process's own: ESTEIRA_TEST_POSTGRES_URL where it is set, else started at the first call.
  static PostgresServer& shared();

  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  // The address of a database, by the Unix socket where this object started the server.
  [[nodiscard]] std::string url(const std::string& database) const;
  // The same over TCP on the loopback, with a password; only of a server started here.
  [[nodiscard]] std::string tcp_url(const std::string& database) const;
  // What libpq needs beside the database's name, as "name=value" with values in quotes.
  [[nodiscard]] std::string settings() const;

  void create_database(const std::string& name, const std::string& copy_of = "template1");
  // Cuts whoever is still connected.
  void drop_database(const std::string& name);

  // As a crash: nothing is flushed, connections are cut. Only of a server started here.
  void stop_immediately();
  // Returns when it answers.
  void start_again();
  void restart_immediately();

 private:
  struct Setting {
    std::string name;
    std::string value;
  };
  PostgresServer() = default;
  void initialise();
  void launch();
  [[nodiscard]] std::string path(const std::string& name) const;
  [[nodiscard]] static std::string uri(const std::vector<Setting>& settings,
                                       const std::string& database);

  std::unique_ptr<TemporaryDirectory> directory_;  // null: the server is somebody else's
  std::string programs_;                           // the folder of initdb and postgres
  std::vector<Setting> settings_;
  Options options_;
  std::string password_;
  int port_ = 0;
  std::optional<Watcher> watcher_;
  pid_t pid_ = -1;
};

}  // namespace esteira::test
