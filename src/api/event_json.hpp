// What a dashboard is told of tasks that changed.
#pragma once

#include <span>
#include <vector>

#include "esteira/json.hpp"
#include "repository/repository.hpp"

namespace esteira::api {

// {items, more}: of each task that the page names its state, or that it is deleted where it has
// none.
[[nodiscard]] Json changes_to_json(const ChangesPage& page, std::span<const TaskState> states);

}  // namespace esteira::api
