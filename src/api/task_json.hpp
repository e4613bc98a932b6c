// Tasks and what belongs to them, as the HTTP API and `--json` show them.
#pragma once

#include "domain/policy.hpp"
#include "domain/stats.hpp"
#include "esteira/json.hpp"
#include "esteira/task.hpp"

namespace esteira::api {

[[nodiscard]] Json task_to_json(const Task& task);
[[nodiscard]] Json execution_to_json(const Execution& execution);
[[nodiscard]] Json stats_to_json(const Stats& stats);
// The statistics with their numbers as `stats_to_json` writes them: a table that is made of them
// reads the same on either side of a server.
[[nodiscard]] Stats rounded(Stats stats);
[[nodiscard]] Json type_to_json(const TaskType& type);

// A number of seconds: whole where it is whole.
[[nodiscard]] Json seconds_to_json(Duration duration);
[[nodiscard]] Json text_or_null(const std::optional<std::string>& text);
// RFC 3339, or null.
[[nodiscard]] Json time_to_json(const std::optional<Time>& time);

}  // namespace esteira::api
