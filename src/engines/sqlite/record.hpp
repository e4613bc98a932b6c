// Tasks with all that is kept of them, for the archive.
#pragma once

#include <memory>
#include <span>

#include "engines/sqlite/connection.hpp"
#include "repository/archive.hpp"

namespace esteira::sqlite {

// A file that holds these tasks, to be kept by the caller. In a transaction.
[[nodiscard]] Expected<std::unique_ptr<ArchiveFile>> write_records(Connection& connection,
                                                                   TaskArchive& archive,
                                                                   std::span<const TaskId> ids);

}  // namespace esteira::sqlite
