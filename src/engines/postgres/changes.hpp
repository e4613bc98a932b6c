// Changes: which tasks a transaction touched.
#pragma once

#include <span>

#include "engines/postgres/connection.hpp"
#include "esteira/task.hpp"

namespace esteira::postgres {

// Says that its transaction changed these tasks, each named once.
[[nodiscard]] Statement change_statement(std::span<const TaskId> ids, Time now);

}  // namespace esteira::postgres
