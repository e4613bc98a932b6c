// /types
#include <array>

#include <fmt/format.h>

#include "api/key_json.hpp"
#include "api/object_reader.hpp"
#include "api/task_json.hpp"
#include "domain/limits.hpp"
#include "http/answers.hpp"
#include "http/deed.hpp"
#include "http/problem.hpp"
#include "http/routes.hpp"

namespace esteira::http {
namespace {

Response list(const Call& /*call*/, Services& services) {
  const auto types = services.types.list();
  if (!types) return problem(types.error());
  JsonArray items;
  for (const auto& type : *types) items.push_back(api::type_to_json(type));
  return list_answer(std::move(items));
}

Response show(const Call& call, Services& services) {
  const auto type = services.types.find(call.captures.front());
  return type ? json_answer(api::type_to_json(*type)) : problem(type.error());
}

// What was, for the audit trail; nothing of a type that is new.
std::optional<std::string> state_before(const Call& call, Services& services) {
  const auto type = services.types.find(call.captures.front());
  return type ? std::optional(api::audited(*type)) : std::nullopt;
}

Response changed(const Call& call, Services& services, std::string_view action,
                 std::optional<std::string> before, const Expected<TaskType>& type, int status) {
  if (!type) return problem(type.error());
  services.repository->hint();
  auto answer = json_answer(api::type_to_json(*type), status);
  write_audit(call, services, action, type->name, answer, std::move(before), api::audited(*type));
  return answer;
}

template <Expected<TaskType> (TypeService::*change)(std::string_view)>
Handler changing(std::string_view action) {
  return performed([action](const Call& call, Services& services) {
    if (const auto empty = no_body(call.request); !empty) return problem(empty.error());
    auto before = state_before(call, services);
    const auto type = (services.types.*change)(call.captures.front());
    return changed(call, services, action, std::move(before), type, 200);
  });
}

void read_back_off(const Json* value, std::vector<FieldError>& wrong, TypeChange& change) {
  if (value == nullptr) return;
  if (!value->is_object()) return wrong.push_back({"/back_off", "must be an object"});
  api::ObjectReader reader(value->get_object(), wrong, "/back_off");
  change.back_off_base = reader.seconds("base_seconds");
  change.back_off_factor = reader.number("factor");
  change.back_off_cap = reader.seconds("cap_seconds");
  change.back_off_jitter = reader.boolean("jitter");
  constexpr std::array<std::string_view, 4> known{"base_seconds", "factor", "cap_seconds",
                                                  "jitter"};
  reader.refuse_others(known, "a back-off");
}

void read_retention(const Json* value, std::vector<FieldError>& wrong, TypeChange& change) {
  if (value == nullptr) return;
  if (!value->is_object()) return wrong.push_back({"/retention", "must be an object"});
  api::ObjectReader reader(value->get_object(), wrong, "/retention");
  constexpr Duration longest = std::chrono::hours{24 * 36'500};
  change.retention_completed = reader.seconds("completed_seconds", longest);
  change.retention_failed = reader.seconds("failed_seconds", longest);
  change.retention_cancelled = reader.seconds("cancelled_seconds", longest);
  constexpr std::array<std::string_view, 3> known{"completed_seconds", "failed_seconds",
                                                  "cancelled_seconds"};
  reader.refuse_others(known, "a retention");
}

std::optional<std::map<std::string, int>> read_weights(const Json* value,
                                                       api::ObjectReader& reader) {
  if (value == nullptr) return std::nullopt;
  std::map<std::string, int> weights;
  const auto* object = value->if_object();
  if (object == nullptr) {
    reader.refuse("weights", "must be an object");
    return std::nullopt;
  }
  for (const auto& [key, weight] : *object) {
    const auto* number = weight.if_int64();
    if (number == nullptr || *number < 1 || *number > limits::flow_weight_max) {
      reader.refuse("weights",
                    fmt::format("must be whole numbers from 1 to {}", limits::flow_weight_max));
      return std::nullopt;
    }
    weights.emplace(key, static_cast<int>(*number));
  }
  return weights;
}

void read_flow(const JsonObject& body, std::vector<FieldError>& wrong, TypeChange& change) {
  const auto* value = body.if_contains("flow");
  if (value == nullptr) return;
  if (value->is_null()) return void(change.flow_key = "none");
  if (!value->is_object()) return wrong.push_back({"/flow", "must be an object"});
  api::ObjectReader reader(value->get_object(), wrong, "/flow");
  change.flow_key = reader.text("key");
  change.flow_concurrency = reader.integer("concurrency");
  change.flow_rate = reader.text("rate");
  change.flow_ordered = reader.boolean("ordered");
  change.flow_weights = read_weights(reader.find("weights"), reader);
  constexpr std::array<std::string_view, 5> known{"key", "concurrency", "rate", "ordered",
                                                  "weights"};
  reader.refuse_others(known, "a flow");
}

void read_breaker(const JsonObject& body, std::vector<FieldError>& wrong, TypeChange& change) {
  const auto* value = body.if_contains("breaker");
  if (value == nullptr) return;
  if (value->is_null()) return void(change.breaker_failure_rate = 0);
  if (!value->is_object()) return wrong.push_back({"/breaker", "must be an object"});
  api::ObjectReader reader(value->get_object(), wrong, "/breaker");
  change.breaker_failure_rate = reader.number("failure_rate");
  change.breaker_attempts = reader.integer("attempts");
  change.breaker_window = reader.seconds("window_seconds");
  change.breaker_open = reader.seconds("open_seconds");
  change.breaker_probes = reader.integer("probes");
  constexpr std::array<std::string_view, 5> known{"failure_rate", "attempts", "window_seconds",
                                                  "open_seconds", "probes"};
  reader.refuse_others(known, "a breaker");
}

// The fields of a type that can be set, by the names under which it is shown. What is absent stays.
Expected<TypeChange> type_change_from_json(const Json& body) {
  const auto* object = body.if_object();
  if (object == nullptr) return api::refuse_all({{"", "a type is a JSON object"}});
  std::vector<FieldError> wrong;
  api::ObjectReader reader(*object, wrong);
  TypeChange change;
  change.description = reader.text("description");
  change.max_retries = reader.integer("max_retries");
  change.timeout = reader.seconds("timeout_seconds");
  read_back_off(reader.find("back_off"), wrong, change);
  read_retention(reader.find("retention"), wrong, change);
  change.concurrency = reader.integer("concurrency");
  change.rate = reader.text("rate");
  read_flow(*object, wrong, change);
  read_breaker(*object, wrong, change);
  change.max_waiting = reader.integer("max_waiting");
  change.encrypted = reader.boolean("encrypted");
  // Null takes the schema away.
  if (const auto* schema = object->if_contains("payload_schema")) {
    change.payload_schema = schema->is_null() ? "" : esteira::to_text(*schema);
  }
  constexpr std::array<std::string_view, 12> known{
      "encrypted",   "breaker",       "description", "max_retries", "timeout_seconds",
      "back_off",    "retention",     "concurrency", "rate",        "flow",
      "max_waiting", "payload_schema"};
  reader.refuse_others(known, "a type");
  if (!wrong.empty()) return api::refuse_all(std::move(wrong));
  return change;
}

Response put(const Call& call, Services& services) {
  const auto body = json_body(call.request);
  if (!body) return problem(body.error());
  const auto change = type_change_from_json(*body);
  if (!change) return problem(change.error());
  auto before = state_before(call, services);
  auto set = services.types.set(call.captures.front(), *change);
  if (!set) return problem(set.error());
  const int status = set->created ? 201 : 200;
  return changed(call, services, "type.set", std::move(before), std::move(set->type), status);
}

}  // namespace

std::vector<Route> type_routes() {
  return {{"GET", "/api/v1/types", Scope::tasks_read, Handler(list)},
          {"GET", "/api/v1/types/{name}", Scope::tasks_read, Handler(show)},
          {"PUT", "/api/v1/types/{name}", Scope::admin, performed(put)},
          repeatable({"POST", "/api/v1/types/{name}/pause", Scope::admin,
                      changing<&TypeService::pause>("type.pause")}),
          repeatable({"POST", "/api/v1/types/{name}/resume", Scope::admin,
                      changing<&TypeService::resume>("type.resume")})};
}

}  // namespace esteira::http
