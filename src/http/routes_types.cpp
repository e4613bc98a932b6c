// /types
#include "api/task_json.hpp"
#include "http/answers.hpp"
#include "http/problem.hpp"
#include "http/routes.hpp"

namespace esteira::http {
namespace {

Response answer(const Expected<TaskType>& type) {
  return type ? json_answer(api::type_to_json(*type)) : problem(type.error());
}

Response list(const Call& /*call*/, Services& services) {
  const auto types = services.types.list();
  if (!types) return problem(types.error());
  JsonArray items;
  for (const auto& type : *types) items.push_back(api::type_to_json(type));
  return list_answer(std::move(items));
}

Response show(const Call& call, Services& services) {
  return answer(services.types.find(call.captures.front()));
}

template <Expected<TaskType> (TypeService::*change)(std::string_view)>
Response changed(const Call& call, Services& services) {
  if (const auto empty = no_body(call.request); !empty) return problem(empty.error());
  auto type = (services.types.*change)(call.captures.front());
  if (type) services.repository->hint();
  return answer(type);
}

}  // namespace

std::vector<Route> type_routes() {
  return {
      {"GET", "/api/v1/types", Need::tasks_read, Handler(list)},
      {"GET", "/api/v1/types/{name}", Need::tasks_read, Handler(show)},
      {"POST", "/api/v1/types/{name}/pause", Need::admin, Handler(changed<&TypeService::pause>)},
      {"POST", "/api/v1/types/{name}/resume", Need::admin, Handler(changed<&TypeService::resume>)}};
}

}  // namespace esteira::http
