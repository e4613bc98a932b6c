#include "cli/wiring.hpp"

#include <filesystem>

#include "archive/history.hpp"
#include "base/assert.hpp"
#include "cli/encryption_keys.hpp"
#include "cli/local_backend.hpp"
#include "cli/remote_backend.hpp"
#include "cli/server_settings.hpp"
#include "processors/builtin.hpp"

namespace esteira::cli {

Expected<Configuration> configuration_of(const GlobalOptions& globals,
                                         std::vector<FlagValue> flags) {
  auto sources = process_sources();
  sources.file = globals.config;
  sources.flags = std::move(flags);
  if (globals.database) sources.flags.push_back({"--database", "database.url", *globals.database});
  return load_configuration(sources);
}

bool is_missing_file(const Configuration& configuration) {
  constexpr std::string_view sqlite_scheme = "sqlite:";
  const std::string_view url = configuration.database_url;
  if (!url.starts_with(sqlite_scheme) || url == "sqlite::memory:") return false;
  std::error_code error;
  const auto status = std::filesystem::status(url.substr(sqlite_scheme.size()), error);
  // What can't be looked at may be there: opening it says what is wrong.
  return status.type() == std::filesystem::file_type::not_found;
}

std::unique_ptr<ProcessorRegistry> make_registry(const Configuration& configuration) {
  auto registry = std::make_unique<ProcessorRegistry>();
  processors::add_builtin(*registry, configuration.processors);
  return registry;
}

std::shared_ptr<TaskArchive> make_archive(const Configuration& configuration) {
  if (configuration.retention_export.empty()) return nullptr;
  return open_history(configuration.retention_export);
}

Expected<Store> open_store(Configuration configuration, Migrate migrate) {
  Store store{.configuration = std::move(configuration),
              .repository = nullptr,
              .clock = nullptr,
              .registry = nullptr};
  auto& keyring = store.configuration.worker.keyring;
  if (!keyring) keyring = ESTEIRA_TRY(read_keyring(store.configuration));
  store.repository =
      ESTEIRA_TRY(open_repository(store.configuration.database_url, migrate, keyring));
  store.registry = make_registry(store.configuration);
  auto clock = std::make_shared<DatabaseClock>();
  ESTEIRA_TRY(clock->sync(*store.repository));
  store.clock = std::move(clock);
  if (migrate != Migrate::never) ESTEIRA_TRY(ensure_types(store));
  return store;
}

Expected<Store> open_store(const GlobalOptions& globals) {
  return open_store(ESTEIRA_TRY(configuration_of(globals)));
}

Expected<std::unique_ptr<Backend>> open_backend(const GlobalOptions& globals,
                                                std::function<bool()> stopped) {
  auto server = ESTEIRA_TRY(server_settings(globals, process_sources()));
  if (server) return remote_backend(*std::move(server), std::move(stopped));
  return local_backend(ESTEIRA_TRY(open_store(globals)));
}

Expected<void> ensure_types(const Store& store) {
  std::vector<TypeSeed> seeds;
  for (const auto& processor : store.registry->all()) {
    seeds.push_back({.name = std::string(canonical_type_name(processor->task_type())),
                     .description = std::string(processor->description()),
                     .payload_schema = std::string(processor->payload_schema())});
  }
  for (const auto& known : processors::known_types()) {
    seeds.push_back({.name = std::string(known.name),
                     .description = std::string(known.description),
                     .payload_schema = {}});
  }
  TypeService types(store.repository, store.clock);
  return types.ensure(seeds, store.configuration.retention);
}

}  // namespace esteira::cli
