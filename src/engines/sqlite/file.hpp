// What may be a database file.
#pragma once

#include <string>

#include "esteira/error.hpp"

namespace esteira::sqlite {

// Refuses what SQLite would take and should not (an empty path, a directory, a network file
// system), with words.
[[nodiscard]] Expected<void> check_database_path(const std::string& path);

}  // namespace esteira::sqlite
