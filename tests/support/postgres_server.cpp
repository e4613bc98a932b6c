#include "support/postgres_server.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <netinet/in.h>
#include <pwd.h>
#include <signal.h>
#include <stdexcept>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

#include "base/random.hpp"
#include "domain/claim.hpp"
#include "support/child_process.hpp"
#include "support/expectations.hpp"
#include "support/postgres_client.hpp"

namespace esteira::test {
namespace {

constexpr std::chrono::seconds start_limit{60};

std::string find_programs() {
  if (!find_in_path("initdb").empty() && !find_in_path("postgres").empty()) {
    return std::filesystem::path(find_in_path("initdb")).parent_path().string();
  }
  std::vector<std::filesystem::path> folders;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator("/usr/lib/postgresql", none)) {
    if (std::filesystem::exists(entry.path() / "bin" / "initdb")) {
      folders.push_back(entry.path() / "bin");
    }
  }
  if (folders.empty()) {
    throw std::runtime_error(
        "these tests need PostgreSQL: initdb is neither in PATH nor in /usr/lib/postgresql/*/bin; "
        "install the package postgresql, or name a server in ESTEIRA_TEST_POSTGRES_URL");
  }
  return std::max_element(folders.begin(), folders.end())->string();
}

int free_port() {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* plain = reinterpret_cast<sockaddr*>(&address);
  const bool found =
      listener >= 0 && bind(listener, plain, size) == 0 && getsockname(listener, plain, &size) == 0;
  const int error = errno;
  if (listener >= 0) close(listener);
  if (!found) throw std::system_error(error, std::generic_category(), "finding a free port");
  return ntohs(address.sin_port);
}

std::string percent_encoded(const std::string& text) {
  constexpr const char* digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    if (std::isalnum(byte) != 0 || character == '-' || character == '_' || character == '.') {
      encoded += character;
    } else {
      encoded += {'%', digits[byte >> 4U], digits[byte & 15U]};
    }
  }
  return encoded;
}

}  // namespace

std::string server_user() {
  if (geteuid() != 0) return "";
  if (getpwnam("postgres") != nullptr) return "postgres";
  throw std::runtime_error(
      "a database server refuses to run as root, and there is no user postgres");
}

std::unique_ptr<PostgresServer> PostgresServer::start(Options options) {
  std::unique_ptr<PostgresServer> server{new PostgresServer};
  server->options_ = options;
  server->programs_ = find_programs();
  server->directory_ = std::make_unique<TemporaryDirectory>(
      "esteira-pg", options.durable ? std::filesystem::temp_directory_path() : scratch_directory());
  server->port_ = free_port();
  SystemRandom random;
  server->password_ = to_text(LeaseId{random.bytes16()});
  server->settings_ = {{.name = "host", .value = server->directory_->path().string()},
                       {.name = "port", .value = std::to_string(server->port_)},
                       {.name = "user", .value = "esteira_test"}};
  server->initialise();
  server->watcher_.emplace(server->directory_->path(), "data/postmaster.pid", "QUIT");
  server->start_again();
  return server;
}

std::unique_ptr<PostgresServer> PostgresServer::at(const std::string& url) {
  std::unique_ptr<PostgresServer> server{new PostgresServer};
  char* message = nullptr;
  PQconninfoOption* options = PQconninfoParse(url.c_str(), &message);
  if (options == nullptr) throw std::runtime_error("ESTEIRA_TEST_POSTGRES_URL is no libpq URI");
  for (const PQconninfoOption* option = options; option->keyword != nullptr; ++option) {
    if (option->val != nullptr && std::string{option->keyword} != "dbname") {
      server->settings_.push_back({.name = option->keyword, .value = option->val});
    }
  }
  PQconninfoFree(options);
  return server;
}

PostgresServer& PostgresServer::shared() {
  static const std::unique_ptr<PostgresServer> server = [] {
    const char* url = std::getenv("ESTEIRA_TEST_POSTGRES_URL");
    return url != nullptr && *url != '\0' ? at(url) : start();
  }();
  return *server;
}

PostgresServer::~PostgresServer() {
  if (directory_) stop_immediately();
}

std::string PostgresServer::path(const std::string& name) const {
  return (directory_->path() / name).string();
}

void PostgresServer::initialise() {
  const std::string user = server_user();
  const std::string password_file = path("password");
  std::ofstream(password_file) << password_ << '\n';
  if (!user.empty()) {
    const passwd* entry = getpwnam(user.c_str());
    if (chown(directory_->path().c_str(), entry->pw_uid, entry->pw_gid) != 0 ||
        chown(password_file.c_str(), entry->pw_uid, entry->pw_gid) != 0) {
      throw std::system_error(errno, std::generic_category(), "giving the directory to " + user);
    }
  }
  run({.command = {programs_ + "/initdb", "--pgdata=" + path("data"), "--username=esteira_test",
                   "--encoding=UTF8", "--locale=C.UTF-8", "--auth-local=trust",
                   "--auth-host=scram-sha-256", "--pwfile=" + password_file, "--no-sync"},
       .user = user,
       .log = path("initdb.log")});
}

void PostgresServer::launch() {
  const std::string durable = options_.durable ? "on" : "off";
  pid_ = spawn({.command = {programs_ + "/postgres", "-D", path("data"), "-p",
                            std::to_string(port_), "-k", directory_->path().string(), "-c",
                            "listen_addresses=127.0.0.1", "-c", "fsync=" + durable, "-c",
                            "full_page_writes=" + durable, "-c", "max_connections=200", "-c",
                            "shared_buffers=128MB", "-c", "logging_collector=off"},
                .user = server_user(),
                .log = path("server.log")});
}

void PostgresServer::start_again() {
  launch();
  const bool answers = eventually(start_limit, [this] {
    if (exit_status(pid_)) {
      pid_ = -1;
      throw std::runtime_error("PostgreSQL ended at its start: " + read_text(path("server.log")));
    }
    return PQping(url("postgres").c_str()) == PQPING_OK;
  });
  if (!answers) throw std::runtime_error("PostgreSQL does not answer");
}

void PostgresServer::stop_immediately() {
  if (!directory_) throw std::logic_error("this server was not started here");
  if (pid_ < 0) return;
  kill(pid_, SIGQUIT);
  wait_for_exit(pid_);
  pid_ = -1;
}

void PostgresServer::restart_immediately() {
  stop_immediately();
  start_again();
}

std::string PostgresServer::uri(const std::vector<Setting>& settings, const std::string& database) {
  std::string uri = "postgresql:///" + percent_encoded(database);
  char separator = '?';
  for (const Setting& setting : settings) {
    uri += separator + setting.name + "=" + percent_encoded(setting.value);
    separator = '&';
  }
  return uri;
}

std::string PostgresServer::url(const std::string& database) const {
  return uri(settings_, database);
}

std::string PostgresServer::tcp_url(const std::string& database) const {
  if (!directory_) throw std::logic_error("this server was not started here");
  return "postgresql://esteira_test:" + password_ + "@127.0.0.1:" + std::to_string(port_) + "/" +
         percent_encoded(database);
}

std::string PostgresServer::settings() const {
  std::string text;
  for (const Setting& setting : settings_) text += setting.name + "='" + setting.value + "' ";
  return text;
}

void PostgresServer::create_database(const std::string& name, const std::string& copy_of) {
  PostgresClient client{url("postgres")};
  // Small templates copy faster file by file; servers before 15 know no other way.
  const bool has_strategies = PQserverVersion(client.handle()) >= 150000;
  client.execute("CREATE DATABASE " + name + " TEMPLATE " + copy_of +
                 (has_strategies ? " STRATEGY file_copy" : ""));
}

void PostgresServer::drop_database(const std::string& name) {
  PostgresClient{url("postgres")}.execute("DROP DATABASE IF EXISTS " + name + " WITH (FORCE)");
}

}  // namespace esteira::test
