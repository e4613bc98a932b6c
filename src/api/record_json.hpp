// A task with all that is kept of it, as a line of the export.
#pragma once

#include "esteira/json.hpp"
#include "repository/archive.hpp"

namespace esteira::api {

// `task_to_json`, and beside its fields what else is kept.
[[nodiscard]] Json record_to_json(const TaskRecord& record);

}  // namespace esteira::api
