// Workers and log lines, as the HTTP API shows them.
#pragma once

#include "esteira/json.hpp"
#include "repository/repository.hpp"

namespace esteira::api {

// {worker_id, name, host, pid, version, types, slots, started_at, heartbeat_at}
[[nodiscard]] Json worker_to_json(const WorkerRecord& worker);
// {attempt, line, at, level, text}
[[nodiscard]] Json log_line_to_json(const LogLine& line);

}  // namespace esteira::api
