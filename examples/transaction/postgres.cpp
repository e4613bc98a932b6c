// Creates tasks in the program's own PostgreSQL transaction, by the library and by plain SQL: they
// exist if, and only if, that commits. Usage: transaction_postgres URL.
#include <memory>
#include <string>

#include <libpq-fe.h>

#include "order.hpp"

namespace {

// The first value of the answer, or the end of the program.
std::string execute(PGconn* connection, const char* sql) {
  std::unique_ptr<PGresult, decltype(&PQclear)> result{PQexec(connection, sql), &PQclear};
  const auto status = PQresultStatus(result.get());
  if (status == PGRES_COMMAND_OK) return {};
  if (status == PGRES_TUPLES_OK) return PQgetvalue(result.get(), 0, 0);
  std::fprintf(stderr, "failed: %s: %s\n", sql, PQerrorMessage(connection));
  std::exit(1);
}

struct Placed {
  esteira::TaskId by_library = 0;
  esteira::TaskId by_sql = 0;
};

Placed place_order(PGconn* connection, esteira::TaskService& service, const char* end) {
  Placed placed;
  execute(connection, "BEGIN");
  const auto order_id = std::stoll(
      execute(connection, "INSERT INTO orders (total) VALUES (189.90) RETURNING order_id"));
  placed.by_library =
      must(service.create_task_within(connection, "ORDER_CONFIRM", {{"order_id", order_id}}),
           "creating the task");
  placed.by_sql = std::stoll(
      execute(connection,
              R"(SELECT esteira.create_task('ORDER_CONFIRM', '{"order_id": 0}', priority => 5))"));
  execute(connection, end);
  return placed;
}

}  // namespace

int main(int argc, char** argv) {
  check(argc > 1, "usage: transaction_postgres URL");
  auto service = esteira::TaskService{
      must(esteira::open_repository(argv[1], esteira::Migrate::always), "opening")};
  must(service.ensure_type(OrderConfirmation{}), "describing the type");

  std::unique_ptr<PGconn, decltype(&PQfinish)> connection{PQconnectdb(argv[1]), &PQfinish};
  check(PQstatus(connection.get()) == CONNECTION_OK, "opening the program's connection");
  execute(connection.get(),
          "CREATE TABLE IF NOT EXISTS orders (order_id bigserial PRIMARY KEY, total numeric)");

  const auto undone = place_order(connection.get(), service, "ROLLBACK");
  check(!exists(service, undone.by_library) && !exists(service, undone.by_sql),
        "a rolled back order has no task");
  const auto done = place_order(connection.get(), service, "COMMIT");
  check(exists(service, done.by_library) && exists(service, done.by_sql),
        "a committed order has its tasks");
  std::printf("rolled back: no task; committed: tasks %lld and %lld\n",
              static_cast<long long>(done.by_library), static_cast<long long>(done.by_sql));
}
