// /schedules
#include "api/schedule_json.hpp"
#include "api/task_json.hpp"
#include "domain/limits.hpp"
#include "http/answers.hpp"
#include "http/deed.hpp"
#include "http/problem.hpp"
#include "http/query.hpp"
#include "http/routes.hpp"

namespace esteira::http {
namespace {

constexpr int preview_default = 5;

Response list(const Call& /*call*/, Services& services) {
  const auto schedules = services.schedules.list();
  if (!schedules) return problem(schedules.error());
  JsonArray items;
  for (const auto& one : *schedules) items.push_back(api::schedule_to_json(one, services.now()));
  return list_answer(std::move(items));
}

Response show(const Call& call, Services& services) {
  const auto schedule = services.schedules.find(call.captures.front());
  if (!schedule) return problem(schedule.error());
  return json_answer(api::schedule_to_json(*schedule, services.now()));
}

Response preview(const Call& call, Services& services) {
  const auto count = call.query.integer("count", 1, limits::preview_instants_max);
  if (!count) return problem(count.error());
  const auto instants = services.schedules.preview(
      call.captures.front(), static_cast<int>(count->value_or(preview_default)));
  if (!instants) return problem(instants.error());
  return list_answer(api::preview_to_json(*instants));
}

// What the type or the rule of a well-formed body refuses is 422.
Response refusal(const Error& error) {
  const auto pointer = error.fields.empty() ? "" : error.fields.front().pointer;
  if (pointer.starts_with("/payload")) return problem(error, 422, "payload-refused");
  const bool rule = pointer == "/cron" || pointer == "/timezone" || pointer == "/type";
  return rule ? problem(error, 422, "schedule-refused") : problem(error);
}

// What was, for the audit trail; nothing of a schedule that is new.
std::optional<std::string> state_before(const Call& call, Services& services) {
  const auto schedule = services.schedules.find(call.captures.front());
  return schedule ? std::optional(api::audited(*schedule)) : std::nullopt;
}

Response put(const Call& call, Services& services) {
  const auto body = json_body(call.request);
  if (!body) return problem(body.error());
  const auto change = api::schedule_change_from_json(*body);
  if (!change) return problem(change.error());
  auto before = state_before(call, services);
  const auto set = services.schedules.set(call.captures.front(), *change);
  if (!set && set.error().code == ErrorCode::not_found) {
    return problem(set.error(), 422, "unknown-type");
  }
  if (!set) return refusal(set.error());
  auto answer =
      json_answer(api::schedule_to_json(set->schedule, services.now()), set->created ? 201 : 200);
  write_audit(call, services, "schedule.set", set->schedule.name, answer, std::move(before),
              api::audited(set->schedule));
  return answer;
}

Response remove(const Call& call, Services& services) {
  const auto removed = services.schedules.remove(call.captures.front());
  if (!removed) return problem(removed.error());
  Response answer{.status = 204};
  write_audit(call, services, "schedule.delete", removed->name, answer, api::audited(*removed));
  return answer;
}

template <Expected<Schedule> (ScheduleService::*change)(const std::string&)>
Handler changing(std::string_view action) {
  return performed([action](const Call& call, Services& services) {
    if (const auto empty = no_body(call.request); !empty) return problem(empty.error());
    auto before = state_before(call, services);
    const auto schedule = (services.schedules.*change)(call.captures.front());
    if (!schedule) return problem(schedule.error());
    auto answer = json_answer(api::schedule_to_json(*schedule, services.now()));
    write_audit(call, services, action, schedule->name, answer, std::move(before),
                api::audited(*schedule));
    return answer;
  });
}

Response run(const Call& call, Services& services) {
  if (const auto empty = no_body(call.request); !empty) return problem(empty.error());
  const auto task = services.schedules.run(call.captures.front());
  if (!task) return refusal(task.error());
  auto answer = json_answer(api::task_to_json(*task), 201);
  write_audit(call, services, "schedule.run", call.captures.front(), answer, std::nullopt,
              to_text(Json(JsonObject{{"task_id", task->task_id}})));
  return answer;
}

}  // namespace

std::vector<Route> schedule_routes() {
  return {
      {"GET", "/api/v1/schedules", Scope::tasks_read, Handler(list)},
      {"GET", "/api/v1/schedules/{name}", Scope::tasks_read, Handler(show)},
      {"PUT", "/api/v1/schedules/{name}", Scope::admin, performed(put)},
      {"DELETE", "/api/v1/schedules/{name}", Scope::admin, performed(remove)},
      repeatable({"POST", "/api/v1/schedules/{name}/run", Scope::admin, performed(run)}),
      repeatable({"POST", "/api/v1/schedules/{name}/pause", Scope::admin,
                  changing<&ScheduleService::pause>("schedule.pause")}),
      repeatable({"POST", "/api/v1/schedules/{name}/resume", Scope::admin,
                  changing<&ScheduleService::resume>("schedule.resume")}),
      {"GET", "/api/v1/schedules/{name}/preview", Scope::tasks_read, Handler(preview), {"count"}}};
}

}  // namespace esteira::http
