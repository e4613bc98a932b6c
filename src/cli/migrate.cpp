// esteira migrate up | status
#include <filesystem>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"
#include "cli/wiring.hpp"

namespace esteira::cli {
namespace {

Json status_to_json(const SchemaStatus& schema) {
  return JsonObject{{"current", schema.current},
                    {"latest", schema.latest},
                    {"usable", schema.usable()},
                    {"pending", JsonArray(schema.pending.begin(), schema.pending.end())}};
}

Expected<int> migrate_up(const GlobalOptions& globals) {
  auto configuration = ESTEIRA_TRY(configuration_of(globals));
  const auto store = ESTEIRA_TRY(open_store(std::move(configuration), Migrate::never));
  JsonArray applied;
  ESTEIRA_TRY(store.repository->migrate([&](std::string_view name) {
    applied.emplace_back(name);
    if (!globals.json) print(fmt::format("applied {}\n", name));
  }));
  ESTEIRA_TRY(ensure_types(store));
  const auto schema = ESTEIRA_TRY(store.repository->schema_status());
  if (globals.json) {
    auto answer = status_to_json(schema);
    answer.get_object().emplace("applied", std::move(applied));
    print_json(answer);
  } else {
    print(fmt::format("{} is at version {}\n", store.repository->address(), schema.current));
  }
  return status::done;
}

void print_status(const SchemaStatus& schema, std::string_view address) {
  print(fmt::format("{} is at version {}; this program brings {}\n", address, schema.current,
                    schema.latest));
  for (const auto& name : schema.pending) print(fmt::format("pending {}\n", printable(name)));
  if (!schema.pending.empty()) print("next: esteira migrate up\n");
  if (schema.current > schema.latest) {
    print("the schema was made by a newer program: use that one\n");
  }
}

bool folder_exists(const Configuration& configuration) {
  const std::filesystem::path file(
      configuration.database_url.substr(configuration.database_url.find(':') + 1));
  std::error_code ignored;
  return !file.has_parent_path() || std::filesystem::is_directory(file.parent_path(), ignored);
}

Expected<int> migrate_status(const GlobalOptions& globals) {
  auto configuration = ESTEIRA_TRY(configuration_of(globals));
  auto address = configuration.database_url;
  // An empty database in memory answers for a file that looking must not make; where no file can
  // be made, opening says so.
  const bool missing = is_missing_file(configuration) && folder_exists(configuration);
  if (missing) configuration.database_url = "sqlite::memory:";
  const auto store = ESTEIRA_TRY(open_store(std::move(configuration), Migrate::never));
  const auto schema = ESTEIRA_TRY(store.repository->schema_status());
  if (!missing) address = store.repository->address();
  if (globals.json) {
    print_json(status_to_json(schema));
  } else {
    print_status(schema, address);
  }
  return status::done;
}

}  // namespace

Verb migrate_up_verb() {
  return {.name = "migrate up",
          .summary = "Bring the database's schema up to date",
          .example = "esteira migrate up --database postgresql://localhost/esteira",
          .declare = {},
          .run = migrate_up};
}

Verb migrate_status_verb() {
  return {.name = "migrate status",
          .summary = "Show the schema's version and what is pending",
          .example = "esteira migrate status --json",
          .declare = {},
          .run = migrate_status};
}

}  // namespace esteira::cli
