// What goes on: statistics and workers.
#include "api/state_json.hpp"
#include "api/task_json.hpp"
#include "http/answers.hpp"
#include "http/problem.hpp"
#include "http/routes.hpp"

namespace esteira::http {
namespace {

Response stats(const Call& /*call*/, Services& services) {
  const auto found = services.repository->stats(services.now());
  return found ? json_answer(api::stats_to_json(*found)) : problem(found.error());
}

Response workers(const Call& /*call*/, Services& services) {
  const auto found = services.repository->workers();
  if (!found) return problem(found.error());
  JsonArray items;
  for (const auto& one : *found) items.push_back(api::worker_to_json(one));
  return list_answer(std::move(items));
}

}  // namespace

std::vector<Route> state_routes() {
  return {{"GET", "/api/v1/stats", Scope::tasks_read, Handler(stats)},
          {"GET", "/api/v1/workers", Scope::tasks_read, Handler(workers)}};
}

}  // namespace esteira::http
