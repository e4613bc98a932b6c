// Tasks with all that is kept of them, for the archive.
#pragma once

#include <memory>
#include <span>

#include "engines/postgres/connection.hpp"
#include "repository/archive.hpp"

namespace esteira::postgres {

// A file that holds these tasks, to be kept by the caller. Their orders are locked.
[[nodiscard]] Expected<std::unique_ptr<ArchiveFile>> write_records(Runner& runner,
                                                                   TaskArchive& archive,
                                                                   std::span<const TaskId> ids);

}  // namespace esteira::postgres
