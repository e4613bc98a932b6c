// Where the concrete parts meet: configuration, engine, clock, processors.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/backend.hpp"
#include "cli/configuration.hpp"
#include "cli/verb.hpp"
#include "esteira/processor.hpp"
#include "esteira/repository.hpp"
#include "repository/database_clock.hpp"
#include "repository/repository.hpp"
#include "service/type_service.hpp"

namespace esteira::cli {

[[nodiscard]] Expected<Configuration> configuration_of(const GlobalOptions& globals,
                                                       std::vector<FlagValue> flags = {});

// The database is a SQLite file that is not there. The first start makes it; looking must not.
[[nodiscard]] bool is_missing_file(const Configuration& configuration);

[[nodiscard]] std::unique_ptr<ProcessorRegistry> make_registry(const Configuration& configuration);

// Where the retention writes before it deletes; null where it shall not.
[[nodiscard]] std::shared_ptr<TaskArchive> make_archive(const Configuration& configuration);

// An open database and what a verb needs beside it.
struct Store {
  Configuration configuration;
  std::shared_ptr<TaskRepository> repository;
  std::shared_ptr<const DatabaseClock> clock;
  std::unique_ptr<ProcessorRegistry> registry;

  [[nodiscard]] Time now() const { return clock->now(); }
};
[[nodiscard]] Expected<Store> open_store(Configuration configuration,
                                         Migrate migrate = Migrate::if_embedded);
[[nodiscard]] Expected<Store> open_store(const GlobalOptions& globals);

// Where a verb that may speak to a server finds the tasks. `stopped` (may be null) is asked while a
// server is waited for that changes nothing; true ends the call.
[[nodiscard]] Expected<std::unique_ptr<Backend>> open_backend(const GlobalOptions& globals,
                                                              std::function<bool()> stopped = {});

// Creates the types of the built-in processors, and those that programs may create tasks of.
[[nodiscard]] Expected<void> ensure_types(const Store& store);

}  // namespace esteira::cli
