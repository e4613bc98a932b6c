#include "support/pgbouncer.hpp"

#include <cerrno>
#include <fstream>
#include <pwd.h>
#include <signal.h>
#include <stdexcept>
#include <system_error>
#include <unistd.h>

#include <libpq-fe.h>

#include "support/child_process.hpp"
#include "support/expectations.hpp"

namespace esteira::test {
namespace {

constexpr std::chrono::seconds start_limit{20};
// It names the socket's file; the directory is private, so that any number is free.
constexpr const char* port = "6432";

std::string find_program() {
  if (const std::string found = find_in_path("pgbouncer"); !found.empty()) return found;
  if (access("/usr/sbin/pgbouncer", X_OK) == 0) return "/usr/sbin/pgbouncer";
  throw std::runtime_error("these tests need PgBouncer: install the package pgbouncer");
}

}  // namespace

PgBouncer::PgBouncer(const PostgresServer& server) {
  write_settings(server);
  watcher_.emplace(directory_.path(), "pid", "TERM");
  const std::filesystem::path log = directory_.path() / "server.log";
  pid_ = spawn({.command = {find_program(), (directory_.path() / "pgbouncer.ini").string()},
                .user = server_user(),
                .log = log});
  const bool answers = eventually(start_limit, [&] {
    if (exit_status(pid_)) {
      pid_ = -1;
      throw std::runtime_error("PgBouncer ended at its start: " + read_text(log));
    }
    return PQping(url("postgres").c_str()) == PQPING_OK;
  });
  if (!answers) throw std::runtime_error("PgBouncer does not answer: " + read_text(log));
}

PgBouncer::~PgBouncer() {
  if (pid_ < 0) return;
  kill(pid_, SIGTERM);
  wait_for_exit(pid_);
}

PgBouncer& PgBouncer::shared() {
  static PgBouncer bouncer{PostgresServer::shared()};
  return bouncer;
}

void PgBouncer::write_settings(const PostgresServer& server) const {
  const std::filesystem::path& folder = directory_.path();
  std::ofstream(folder / "pgbouncer.ini") << "[databases]\n* = " << server.settings() << R"(
[pgbouncer]
listen_addr =
listen_port = )" << port
                                          << "\nunix_socket_dir = " << folder.string()
                                          << "\npidfile = " << (folder / "pid").string() << R"(
auth_type = any
pool_mode = transaction
default_pool_size = 2
max_client_conn = 500
log_connections = 0
log_disconnections = 0
)";
  const std::string user = server_user();
  if (user.empty()) return;
  const passwd* entry = getpwnam(user.c_str());
  for (const std::filesystem::path& path : {folder, folder / "pgbouncer.ini"}) {
    if (chown(path.c_str(), entry->pw_uid, entry->pw_gid) != 0) {
      throw std::system_error(errno, std::generic_category(), "giving " + path.string());
    }
  }
}

std::string PgBouncer::url(const std::string& database) const {
  return "postgresql:///" + database + "?host=" + directory_.path().string() + "&port=" + port +
         "&user=esteira_test";
}

}  // namespace esteira::test
