// Creates a task in the program's own SQLite transaction: it exists if, and only if, that commits.
// Usage: transaction_sqlite PATH, a file that both the program and Esteira keep their tables in.
#include <string>

#include <sqlite3.h>

#include "order.hpp"

namespace {

void execute(sqlite3* connection, const char* sql) {
  if (sqlite3_exec(connection, sql, nullptr, nullptr, nullptr) == SQLITE_OK) return;
  std::fprintf(stderr, "failed: %s: %s\n", sql, sqlite3_errmsg(connection));
  std::exit(1);
}

esteira::TaskId place_order(sqlite3* connection, esteira::TaskService& service, const char* end) {
  execute(connection, "BEGIN IMMEDIATE");
  execute(connection, "INSERT INTO orders (total) VALUES ('189.90')");
  const auto order_id = sqlite3_last_insert_rowid(connection);
  const auto task_id =
      must(service.create_task_within(connection, "ORDER_CONFIRM", {{"order_id", order_id}}),
           "creating the task");
  execute(connection, end);
  return task_id;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string path = argc > 1 ? argv[1] : "transaction.db";
  auto service = esteira::TaskService{must(esteira::open_repository("sqlite:" + path), "opening")};
  must(service.ensure_type(OrderConfirmation{}), "describing the type");

  sqlite3* connection = nullptr;
  check(sqlite3_open(path.c_str(), &connection) == SQLITE_OK, "opening the program's connection");
  sqlite3_busy_timeout(connection, 5000);
  // Esteira's processes see to the checkpoints, at moments when nobody commits.
  sqlite3_wal_autocheckpoint(connection, 0);
  execute(connection, "CREATE TABLE IF NOT EXISTS orders (order_id INTEGER PRIMARY KEY, total)");

  const auto undone = place_order(connection, service, "ROLLBACK");
  check(!exists(service, undone), "a rolled back order has no task");
  const auto done = place_order(connection, service, "COMMIT");
  check(exists(service, done), "a committed order has its task");
  sqlite3_close(connection);
  std::printf("rolled back: no task; committed: task %lld\n", static_cast<long long>(done));
}
