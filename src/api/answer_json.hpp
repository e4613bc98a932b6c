// What a server answers, read back: the counterpart of task_json.hpp and state_json.hpp.
//
// A field that is not known is passed by: a newer server may tell more. One that is missing or of
// another type is an error of the server's (internal), and the message names it.
#pragma once

#include "domain/policy.hpp"
#include "domain/stats.hpp"
#include "esteira/json.hpp"
#include "esteira/task.hpp"
#include "repository/repository.hpp"

namespace esteira::api {

// A task's `traceparent` is not told.
[[nodiscard]] Expected<Task> task_from_json(const Json& answer);
[[nodiscard]] Expected<Execution> execution_from_json(const Json& answer);
// The schema comes as compact JSON text, whatever text was stored.
[[nodiscard]] Expected<TaskType> type_from_json(const Json& answer);
[[nodiscard]] Expected<Stats> stats_from_json(const Json& answer);
// What the worker was last told is not told.
[[nodiscard]] Expected<WorkerRecord> worker_from_json(const Json& answer);
[[nodiscard]] Expected<LogLine> log_line_from_json(const Json& answer);

}  // namespace esteira::api
