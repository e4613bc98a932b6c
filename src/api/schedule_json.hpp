// Schedules, as the HTTP API and `--json` show them.
#pragma once

#include <span>
#include <string>

#include "domain/schedule.hpp"

namespace esteira::api {

// `now`: of the lag.
[[nodiscard]] Json schedule_to_json(const Schedule& schedule, Time now);
// [{nominal_at, local}]
[[nodiscard]] JsonArray preview_to_json(std::span<const ScheduleInstant> instants);
// The fields that can be set, by the names under which they are shown. invalid_argument, with
// `fields`.
[[nodiscard]] Expected<ScheduleChange> schedule_change_from_json(const Json& body);
[[nodiscard]] Json schedule_change_to_json(const ScheduleChange& change);
// The `before` and `after` of an audit entry; the payload is named by its SHA-256.
[[nodiscard]] std::string audited(const Schedule& schedule);

}  // namespace esteira::api
