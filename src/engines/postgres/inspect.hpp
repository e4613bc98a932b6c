// PostgreSQL's side of engines/inspect.hpp.
#pragma once

#include "repository/inspect.hpp"

namespace esteira::postgres {

[[nodiscard]] Expected<std::vector<EngineFact>> facts(std::string_view url);
// Needs a role that may create databases.
[[nodiscard]] Expected<std::unique_ptr<ScratchStore>> make_scratch(std::string_view url);

// The same server and user, another database.
[[nodiscard]] Expected<std::string> with_database(std::string_view url, std::string_view database);

}  // namespace esteira::postgres
