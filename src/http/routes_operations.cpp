// /tasks/bulk and /operations: one change of many tasks, done in the background.
#include <fmt/format.h>

#include "api/operation_json.hpp"
#include "http/answers.hpp"
#include "http/deed.hpp"
#include "http/problem.hpp"
#include "http/routes.hpp"
#include "service/bulk_service.hpp"

namespace esteira::http {
namespace {

Response start(const Call& call, Services& services) {
  const auto body = json_body(call.request);
  if (!body) return problem(body.error());
  const auto asked = api::bulk_call_from_json(*body);
  if (!asked) return problem(asked.error());
  BulkService bulk(services.repository, services.clock);
  const auto started = bulk.start(asked->action, asked->filter);
  if (!started) return problem(started.error());
  const auto id = fmt::format("{}", started->operation_id);
  auto answer = json_answer(
      JsonObject{{"operation_id", started->operation_id}, {"matched", started->matched}}, 202);
  write_audit(call, services, api::audited_action(*started), id, answer, std::nullopt,
              api::audited(*started));
  return answer;
}

Response show(const Call& call, Services& services) {
  const auto id = id_of(call, "operation");
  if (!id) return problem(id.error());
  const auto found = BulkService(services.repository, services.clock).find(*id);
  return found ? json_answer(api::operation_to_json(*found)) : problem(found.error());
}

}  // namespace

std::vector<Route> operation_routes() {
  return {repeatable({"POST", "/api/v1/tasks/bulk", Scope::tasks_write, performed(start)}),
          {"GET", "/api/v1/operations/{id}", Scope::tasks_write, Handler(show)}};
}

}  // namespace esteira::http
