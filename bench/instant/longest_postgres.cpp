// PostgreSQL: what pg_stat_activity says of the database's clients.
#include <cstdlib>

#include <libpq-fe.h>

#include "instant.hpp"

namespace esteira::instant {
namespace {

// A session that is idle has no transaction open, whatever time a listener that was just woken
// shows.
constexpr const char* longest_open =
    "SELECT 1000 * extract(epoch FROM clock_timestamp() - xact_start), "
    "state || ': ' || substr(query, 1, 100) "
    "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() "
    "AND backend_type = 'client backend' AND state <> 'idle' AND xact_start IS NOT NULL "
    "ORDER BY xact_start LIMIT 1";

class PostgresActivity final : public LongestTransaction {
 public:
  explicit PostgresActivity(const std::string& address)
      : connection_(PQconnectdb(address.c_str()), PQfinish) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) fail();
  }

  void look() override {
    const std::unique_ptr<PGresult, decltype(&PQclear)> result(
        PQexec(connection_.get(), longest_open), PQclear);
    if (PQresultStatus(result.get()) != PGRES_TUPLES_OK) fail();
    if (PQntuples(result.get()) == 0) return;
    const double ms = std::strtod(PQgetvalue(result.get(), 0, 0), nullptr);
    if (ms <= longest_ms_) return;
    longest_ms_ = ms;
    what_ = PQgetvalue(result.get(), 0, 1);
  }
  [[nodiscard]] double longest_ms() const override { return longest_ms_; }
  [[nodiscard]] std::string what() const override { return what_; }

 private:
  [[noreturn]] void fail() const { throw std::runtime_error(PQerrorMessage(connection_.get())); }

  std::unique_ptr<PGconn, decltype(&PQfinish)> connection_;
  double longest_ms_ = 0;
  std::string what_;
};

}  // namespace

std::unique_ptr<LongestTransaction> watch_postgres(const std::string& address) {
  return std::make_unique<PostgresActivity>(address);
}

}  // namespace esteira::instant
