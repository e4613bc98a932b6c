// Tasks in a SQLite file, or in memory.
#pragma once

#include <memory>
#include <string_view>

#include "esteira/repository.hpp"
#include "repository/repository.hpp"

namespace esteira::sqlite {

// `path` is what stands behind "sqlite:": a file, which several processes of one host may share, or
// ":memory:", which is this object's alone.
[[nodiscard]] Expected<std::shared_ptr<TaskRepository>> open(std::string_view path,
                                                             Migrate migrate);

}  // namespace esteira::sqlite
