#include <fmt/format.h>

#include "engines/sqlite/operations.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

constexpr int latest = static_cast<int>(sql::migrations.size());

// 0 where no schema exists. The version stands in a table of ours: `user_version` belongs to the
// program that may keep its own tables in the same file.
Expected<int> current_version(Connection& connection) {
  {
    auto exists = ESTEIRA_TRY(connection.query(sql::schema_exists));
    if (!ESTEIRA_TRY(exists.step())) return 0;
  }
  auto version = ESTEIRA_TRY(connection.query(sql::schema_version));
  return ESTEIRA_TRY(version.step()) ? version.small(0) : 0;
}

// Applies the next migration, if any; answers its name.
Expected<std::optional<std::string_view>> migrate_once(Connection& connection) {
  auto transaction = ESTEIRA_TRY(Transaction::begin(connection));
  // Read under the write lock: another process may have come first.
  const int current = ESTEIRA_TRY(current_version(connection));
  if (current >= latest) return std::nullopt;
  const auto& migration = sql::migrations[static_cast<std::size_t>(current)];
  ESTEIRA_TRY(connection.script(migration.text, fmt::format("migration {}", migration.name)));
  ESTEIRA_TRY(connection.run(sql::schema_version_set, current + 1));
  ESTEIRA_TRY(transaction.commit());
  return migration.name;
}

}  // namespace

Expected<SchemaStatus> schema_status(Connection& connection) {
  SchemaStatus status{.current = ESTEIRA_TRY(current_version(connection)), .latest = latest};
  for (int version = status.current; version < latest; ++version) {
    status.pending.emplace_back(sql::migrations[static_cast<std::size_t>(version)].name);
  }
  return status;
}

Expected<void> migrate(Connection& connection,
                       const std::function<void(std::string_view)>& applied) {
  const int current = ESTEIRA_TRY(current_version(connection));
  if (current > latest) {
    return fail(ErrorCode::unsupported,
                fmt::format("the database's schema is at version {} and was made by a newer "
                            "program; this one knows {}: use the newer one",
                            current, latest));
  }
  if (current == latest) return {};
  while (const auto name = ESTEIRA_TRY(migrate_once(connection))) {
    if (applied) applied(*name);
  }
  return {};
}

}  // namespace esteira::sqlite
