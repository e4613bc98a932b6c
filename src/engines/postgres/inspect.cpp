#include "engines/postgres/inspect.hpp"

#include <algorithm>
#include <array>

#include <fmt/format.h>
#include <libpq-fe.h>

#include "base/assert.hpp"
#include "base/random.hpp"
#include "engines/postgres/connection.hpp"

namespace esteira::postgres {
namespace {

using Result = std::unique_ptr<PGresult, void (*)(PGresult*)>;

Expected<Result> run(pg_conn* connection, const std::string& sql) {
  Result result(PQexec(connection, sql.c_str()), &PQclear);
  const auto status = PQresultStatus(result.get());
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return result;
  return std::unexpected(error_of(result.get(), connection));
}

class ScratchDatabase final : public ScratchStore {
 public:
  ScratchDatabase(std::string server, std::string name, std::string url)
      : server_(std::move(server)), name_(std::move(name)), url_(std::move(url)) {}
  ~ScratchDatabase() override {
    // A server that went away keeps the database; its name says what it is.
    const auto connection = connect_to(server_);
    if (!connection) return;
    static_cast<void>(
        run(connection->get(), fmt::format("DROP DATABASE IF EXISTS {} WITH (FORCE)", name_)));
  }
  ScratchDatabase(const ScratchDatabase&) = delete;
  ScratchDatabase& operator=(const ScratchDatabase&) = delete;
  const std::string& url() const override { return url_; }

 private:
  std::string server_;
  std::string name_;
  std::string url_;
};

}  // namespace

Expected<std::string> with_database(std::string_view url, std::string_view database) {
  const auto scheme = url.find("://");
  const auto query = std::min(url.find('?'), url.size());
  if (scheme == std::string_view::npos || url.find("dbname=", query) != std::string_view::npos) {
    return fail(ErrorCode::invalid_argument,
                "name the database in the address's path: postgresql://host/database");
  }
  const auto path = std::min(url.find('/', scheme + 3), query);
  return fmt::format("{}/{}{}", url.substr(0, path), database, url.substr(query));
}

Expected<std::vector<EngineFact>> facts(std::string_view url) {
  const auto connection = ESTEIRA_TRY(connect_to(std::string(url)));
  constexpr std::array names{"server_version", "fsync", "synchronous_commit", "full_page_writes",
                             "wal_level"};
  std::vector<EngineFact> all;
  for (const auto* name : names) {
    const auto result = ESTEIRA_TRY(run(connection.get(), fmt::format("SHOW {}", name)));
    all.push_back({name, PQgetvalue(result.get(), 0, 0)});
  }
  return all;
}

Expected<std::unique_ptr<ScratchStore>> make_scratch(std::string_view url) {
  const auto name = fmt::format("esteira_bench_{:016x}", SystemRandom().next());
  const std::string server(url);
  auto scratch_url = ESTEIRA_TRY(with_database(url, name));
  const auto connection = ESTEIRA_TRY(connect_to(server));
  if (auto made = run(connection.get(), fmt::format("CREATE DATABASE {}", name)); !made) {
    return fail(ErrorCode::forbidden,
                fmt::format("creating a database for the benchmark failed ({}): name a role that "
                            "may create databases",
                            made.error().message));
  }
  return std::make_unique<ScratchDatabase>(server, name, std::move(scratch_url));
}

}  // namespace esteira::postgres
