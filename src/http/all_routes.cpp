#include "http/routes.hpp"

namespace esteira::http {
namespace {

void append(std::vector<Route>& all, std::vector<Route> more) {
  for (auto& route : more) all.push_back(std::move(route));
}

}  // namespace

std::vector<Route> all_routes(const RouteParts& parts) {
  std::vector<Route> routes;
  append(routes, health_routes(parts.pool, parts.ready));
  append(routes, task_routes(parts.enqueue));
  append(routes, operation_routes());
  append(routes, type_routes());
  append(routes, schedule_routes());
  append(routes, batch_routes());
  append(routes, work_routes(parts.work));
  append(routes, key_routes(parts.keys));
  append(routes, session_routes(parts.sessions, parts.rates));
  append(routes, state_routes());
  append(routes, event_routes(parts.feed));
  add_documentation_routes(routes);
  return routes;
}

}  // namespace esteira::http
