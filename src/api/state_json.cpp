#include "api/state_json.hpp"

#include "api/task_json.hpp"

namespace esteira::api {

Json worker_to_json(const WorkerRecord& worker) {
  return JsonObject{{"worker_id", worker.name},
                    {"name", worker.name},
                    {"host", worker.host},
                    {"pid", worker.pid},
                    {"version", worker.version},
                    {"types", JsonArray(worker.types.begin(), worker.types.end())},
                    {"slots", worker.slots},
                    {"started_at", time_to_json(worker.started_at)},
                    {"heartbeat_at", time_to_json(worker.heartbeat_at)}};
}

Json log_line_to_json(const LogLine& line) {
  return JsonObject{{"attempt", line.attempt},
                    {"line", line.line},
                    {"at", time_to_json(line.at)},
                    {"level", to_text(line.level)},
                    {"text", line.text}};
}

}  // namespace esteira::api
