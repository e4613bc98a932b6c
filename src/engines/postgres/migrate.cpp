// The schema's versions: forward only, each in a transaction of its own.
#include <algorithm>

#include "base/assert.hpp"
#include "engines/postgres/repository.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

namespace {

constexpr int latest = static_cast<int>(sql::migrations.size());

Expected<int> current_version(Runner& runner) {
  const Rows exists = ESTEIRA_TRY(runner.run(sql::schema_exists, {}));
  if (!exists.truth(0, 1)) return 0;
  const Rows version = ESTEIRA_TRY(runner.run(sql::schema_version, {}));
  return version.small(0, 0);
}

Expected<void> make_schema(Runner& runner) {
  const Rows exists = ESTEIRA_TRY(runner.run(sql::schema_exists, {}));
  if (exists.text(0, 2) != "UTF8") {
    return fail(ErrorCode::unsupported,
                "the database's encoding is not UTF8: create it with ENCODING 'UTF8'");
  }
  if (!exists.truth(0, 0)) ESTEIRA_TRY(runner.run(sql::schema_make, {}));
  if (!exists.truth(0, 1)) ESTEIRA_TRY(runner.run(sql::schema_migrations_make, {}));
  return {};
}

// Applies the next migration, if any; answers its name.
Expected<std::optional<std::string_view>> migrate_once(Connection& connection) {
  Transaction transaction{connection};
  ESTEIRA_TRY(transaction.begin());
  ESTEIRA_TRY(transaction.run(sql::schema_lock));
  ESTEIRA_TRY(make_schema(connection));
  // Read under the lock: another process may have come first.
  const int current = ESTEIRA_TRY(current_version(connection));
  if (current > latest) return fail(ErrorCode::unsupported, newer_schema(current, latest));
  if (current == latest) return std::nullopt;
  const auto& migration = sql::migrations[static_cast<std::size_t>(current)];
  ESTEIRA_TRY(connection.script(migration.text));
  ESTEIRA_TRY(transaction.run(sql::schema_applied, Params{}.add(current + 1).add(migration.name)));
  ESTEIRA_TRY(transaction.commit());
  return migration.name;
}

}  // namespace

std::string newer_schema(int current, int known) {
  return "the database's schema is at version " + std::to_string(current) +
         " and was made by a newer program; this one knows " + std::to_string(known) +
         ": use the newer one";
}

Expected<SchemaStatus> Repository::schema_status() {
  const RecursiveLock lock{mutex_};
  Transaction transaction{connection_};
  ESTEIRA_TRY(transaction.begin());
  SchemaStatus status{.current = ESTEIRA_TRY(current_version(connection_)), .latest = latest};
  for (int version = status.current; version < latest; ++version) {
    status.pending.emplace_back(sql::migrations[static_cast<std::size_t>(version)].name);
  }
  return status;
}

Expected<void> Repository::migrate(const std::function<void(std::string_view)>& applied) {
  const RecursiveLock lock{mutex_};
  while (const auto name = ESTEIRA_TRY(migrate_once(connection_))) {
    if (applied) applied(*name);
  }
  return {};
}

}  // namespace esteira::postgres
