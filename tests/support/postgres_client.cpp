#include "support/postgres_client.hpp"

namespace esteira::test {
namespace {

struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Answer = std::unique_ptr<PGresult, Clear>;

void check(const Answer& answer, PGconn* connection) {
  const ExecStatusType status = PQresultStatus(answer.get());
  if (status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK) return;
  const char* state = PQresultErrorField(answer.get(), PG_DIAG_SQLSTATE);
  throw PostgresError(PQerrorMessage(connection), state != nullptr ? state : "");
}

SqlRows rows_of(const Answer& answer) {
  SqlRows rows(static_cast<std::size_t>(PQntuples(answer.get())));
  for (int row = 0; row < PQntuples(answer.get()); ++row) {
    SqlRow& cells = rows[static_cast<std::size_t>(row)];
    for (int column = 0; column < PQnfields(answer.get()); ++column) {
      if (PQgetisnull(answer.get(), row, column) != 0) {
        cells.emplace_back(std::nullopt);
      } else {
        cells.emplace_back(PQgetvalue(answer.get(), row, column));
      }
    }
  }
  return rows;
}

}  // namespace

PostgresClient::PostgresClient(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
  if (PQstatus(handle()) != CONNECTION_OK) throw PostgresError(PQerrorMessage(handle()), "");
  PQsetNoticeProcessor(handle(), [](void*, const char*) {}, nullptr);
}

SqlRows PostgresClient::query(const std::string& sql, const std::vector<std::string>& parameters) {
  std::vector<const char*> values;
  values.reserve(parameters.size());
  for (const std::string& parameter : parameters) values.push_back(parameter.c_str());
  const Answer answer{PQexecParams(handle(), sql.c_str(), static_cast<int>(values.size()), nullptr,
                                   values.data(), nullptr, nullptr, 0)};
  check(answer, handle());
  return rows_of(answer);
}

void PostgresClient::execute(const std::string& sql) {
  const Answer answer{PQexec(handle(), sql.c_str())};
  check(answer, handle());
}

}  // namespace esteira::test
