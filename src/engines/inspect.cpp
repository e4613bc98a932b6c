#include "repository/inspect.hpp"

#include "engines/postgres/inspect.hpp"
#include "engines/sqlite/inspect.hpp"

namespace esteira {
namespace {

constexpr std::string_view sqlite_scheme = "sqlite:";

}  // namespace

Expected<std::vector<EngineFact>> engine_facts(std::string_view url) {
  if (url.starts_with(sqlite_scheme)) return sqlite::facts(url.substr(sqlite_scheme.size()));
  return postgres::facts(url);
}

Expected<std::unique_ptr<ScratchStore>> make_scratch_store(std::string_view url) {
  if (url.starts_with(sqlite_scheme)) return sqlite::make_scratch(url.substr(sqlite_scheme.size()));
  return postgres::make_scratch(url);
}

}  // namespace esteira
