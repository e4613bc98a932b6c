// SQLite's side of engines/inspect.hpp.
#pragma once

#include "repository/inspect.hpp"

namespace esteira::sqlite {

[[nodiscard]] Expected<std::vector<EngineFact>> facts(std::string_view path);
[[nodiscard]] Expected<std::unique_ptr<ScratchStore>> make_scratch(std::string_view path);

}  // namespace esteira::sqlite
