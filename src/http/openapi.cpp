#include "http/openapi.hpp"

#include <algorithm>
#include <map>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "http/json_view.hpp"
#include "openapi_texts.hpp"

namespace esteira::http {
namespace {

constexpr std::string_view common_file = "common";
constexpr std::size_t description_bytes_max = std::size_t{1} * 1024 * 1024;

// What one file says of one route.
struct Description {
  const JsonObject* operation = nullptr;
  const JsonObject* file = nullptr;
};

std::string key_of(const Route& route) { return fmt::format("{} {}", route.method, route.pattern); }

// The files in the order of common.json's `order`, those that it does not name after them.
std::vector<std::string_view> files_in_order(const JsonObject& descriptions) {
  std::vector<std::string_view> names;
  const auto add = [&](std::string_view name) {
    const bool known = descriptions.contains(name) && name != common_file;
    if (known && std::ranges::find(names, name) == names.end()) names.push_back(name);
  };
  for (const auto& name : list_of(object_of(descriptions, common_file), "order")) {
    add(text_of(name));
  }
  for (const auto& file : descriptions) add({file.key().data(), file.key().size()});
  return names;
}

// By "METHOD /path".
std::map<std::string, Description> operations_of(const JsonObject& descriptions) {
  std::map<std::string, Description> all;
  for (const auto name : files_in_order(descriptions)) {
    const auto& file = object_of(descriptions, name);
    for (const auto& one : object_of(file, "operations")) {
      if (one.value().is_object()) {
        all[std::string(one.key())] = {.operation = &one.value().get_object(), .file = &file};
      }
    }
  }
  return all;
}

// --- the pieces of an operation ------------------------------------------------------------------

Json reference(std::string_view kind, std::string_view name) {
  return JsonObject{{"$ref", fmt::format("#/components/{}/{}", kind, name)}};
}

// A schema by its name, or in full.
Json schema_of(const Json& schema) {
  return schema.is_string() ? reference("schemas", text_of(schema)) : schema;
}

JsonObject content(std::string_view media, Json schema, const Json* example = nullptr) {
  JsonObject inner{{"schema", std::move(schema)}};
  if (example != nullptr) inner["example"] = *example;
  return {{media, std::move(inner)}};
}

// {items, next_cursor}; only a list that takes a cursor has more pages than one.
Json page_schema(const Json& item, const Route& route) {
  const bool paged = std::ranges::find(route.parameters, "cursor") != route.parameters.end();
  const Json cursor = paged ? Json(JsonArray{"string", "null"}) : Json("null");
  return JsonObject{
      {"type", "object"},
      {"additionalProperties", false},
      {"required", JsonArray{"items", "next_cursor"}},
      {"properties",
       JsonObject{{"items", JsonObject{{"type", "array"}, {"items", schema_of(item)}}},
                  {"next_cursor", JsonObject{{"type", cursor}}}}},
  };
}

// The type of a problem whose status says all.
constexpr std::string_view untyped = "about:blank";

// The problem's schema, with the status and the types that this answer has.
Json problem_schema(std::string_view status, const JsonArray& types) {
  auto schema = reference("schemas", "Problem").get_object();
  JsonArray names;
  for (const auto& type : types) {
    const auto name = text_of(type);
    names.emplace_back(name == untyped ? std::string(name) : fmt::format("/problems/{}", name));
  }
  if (names.empty()) names.emplace_back(untyped);
  JsonObject properties{{"type", JsonObject{{"enum", std::move(names)}}}};
  if (status != "default") {
    properties["status"] = JsonObject{{"const", std::stoi(std::string(status))}};
  }
  schema["properties"] = std::move(properties);
  return schema;
}

JsonObject problem_response(std::string_view status, std::string_view description,
                            const JsonArray& types = {}) {
  JsonObject headers;
  // What is refused before it has a number carries none.
  const auto carry = [&](std::string_view name) { headers[name] = reference("headers", name); };
  if (status != "default") carry("Esteira-Request-Id");
  if (status == "401") carry("WWW-Authenticate");
  if (status == "429" || status == "503") carry("Retry-After");
  JsonObject response{{"description", description}};
  if (!headers.empty()) response["headers"] = std::move(headers);
  response["content"] = content("application/problem+json", problem_schema(status, types));
  return response;
}

// A problem that has more than one reason: `headers` are those that it may carry.
JsonObject reasons_response(std::string_view status, const JsonObject& said,
                            const JsonObject& common) {
  auto response = problem_response(status, text_of(said, "description"), list_of(said, "problems"));
  for (const auto& name : list_of(said, "headers")) {
    auto header = object_of(object_of(common, "headers"), text_of(name));
    header["required"] = false;
    response["headers"].as_object()[text_of(name)] = std::move(header);
  }
  return response;
}

// One of a description's `answers`.
JsonObject response(std::string_view status, const Json& answer, const Route& route,
                    const JsonObject& common) {
  if (answer.is_string()) return problem_response(status, text_of(answer));
  const auto& said = answer.as_object();
  if (said.contains("problems")) return reasons_response(status, said, common);
  JsonObject headers{{"Esteira-Request-Id", reference("headers", "Esteira-Request-Id")}};
  for (const auto& name : list_of(said, "headers")) {
    headers[text_of(name)] = reference("headers", text_of(name));
  }
  JsonObject response{{"description", text_of(said, "description")},
                      {"headers", std::move(headers)}};
  const auto* example = said.if_contains("example");
  if (const auto* schema = said.if_contains("schema")) {
    response["content"] = content("application/json", schema_of(*schema), example);
  } else if (const auto* item = said.if_contains("list")) {
    response["content"] = content("application/json", page_schema(*item, route), example);
  } else if (const auto media = text_of(said, "media"); !media.empty()) {
    response["content"] = content(media, JsonObject{{"type", "string"}});
  }
  return response;
}

// What any route of this kind may be refused with.
std::vector<std::string_view> common_statuses(const Route& route, bool has_body) {
  const bool asks_nobody = !route.need && std::holds_alternative<AsyncHandler>(route.handler);
  std::vector<std::string_view> statuses{"400"};
  if (route.need) statuses.emplace_back("401");
  statuses.emplace_back("403");
  if (has_body) statuses.insert(statuses.end(), {"413", "415"});
  statuses.emplace_back("421");
  if (route.need) statuses.emplace_back("429");
  if (!asks_nobody) statuses.insert(statuses.end(), {"500", "503"});
  statuses.emplace_back("default");
  return statuses;
}

// Adds a reason for a problem to those that a description has for its status.
void add_reason(JsonObject& answers, std::string_view status, std::string_view words,
                std::string_view type, JsonArray headers) {
  std::string description;
  JsonArray types;
  if (const auto* said = answers.if_contains(status)) {
    const bool plain = said->is_string();
    description = plain ? text_of(*said) : text_of(said->get_object(), "description");
    types = plain ? JsonArray{untyped} : list_of(said->get_object(), "problems");
    description += ' ';
  }
  description += words;
  types.emplace_back(type);
  answers[status] = JsonObject{{"description", std::move(description)},
                               {"problems", std::move(types)},
                               {"headers", std::move(headers)}};
}

// What a route may answer, with what a kept answer adds.
JsonObject answers_of(const Route& route, const JsonObject& operation) {
  auto answers = object_of(operation, "answers");
  if (!route.repeatable) return answers;
  add_reason(answers, "409",
             "Or a call with this `Idempotency-Key` runs just now (then with `Retry-After`).",
             "idempotency-in-flight", {"Retry-After"});
  add_reason(answers, "422", "The `Idempotency-Key` was used for another call.",
             "idempotency-mismatch", {});
  if (answers.contains("201") && !answers.contains("200")) {
    auto again = answers.at("201").as_object();
    again["description"] = "What the same `Idempotency-Key` was answered before.";
    again.erase("example");
    answers["200"] = std::move(again);
  }
  return answers;
}

JsonObject responses_of(const Route& route, const JsonObject& operation, const JsonObject& common) {
  std::map<std::string, Json> by_status;  // "default" sorts behind the numbers
  for (const auto status : common_statuses(route, operation.contains("body"))) {
    by_status[std::string(status)] = reference("responses", status);
  }
  const auto answers = answers_of(route, operation);
  for (const auto& answer : answers) {
    const std::string status(answer.key());
    by_status[status] = response(status, answer.value(), route, common);
  }
  JsonObject responses;
  for (auto& [status, said] : by_status) responses[status] = std::move(said);
  return responses;
}

JsonObject parameter(std::string_view name, std::string_view place, const JsonObject& said) {
  JsonObject parameter{{"name", name}, {"in", place}};
  if (place == "path") parameter["required"] = true;
  for (const auto& member : said) parameter[member.key()] = member.value();
  return parameter;
}

// What a path's {name} is: the operation says it, or its file for all of its operations.
const JsonObject& path_parameter(const Description& description, std::string_view name) {
  const auto& own = object_of(*description.operation, "path");
  return object_of(own.contains(name) ? own : object_of(*description.file, "path"), name);
}

JsonArray parameters_of(const Route& route, const Description& description,
                        const JsonObject& common) {
  JsonArray all;
  for (const auto name : path_names(route.pattern)) {
    all.push_back(parameter(name, "path", path_parameter(description, name)));
  }
  const auto& query = object_of(*description.operation, "query");
  for (const auto name : route.parameters) {
    all.push_back(parameter(name, "query", object_of(query, name)));
  }
  auto headers = list_of(*description.operation, "headers");
  if (route.repeatable) headers.emplace_back("Idempotency-Key");
  for (const auto& name : headers) {
    all.push_back(parameter(text_of(name), "header",
                            object_of(object_of(common, "parameters"), text_of(name))));
  }
  return all;
}

std::string description_of(const Route& route, const JsonObject& operation) {
  std::string text(text_of(operation, "description"));
  if (!text.empty()) text += "\n\n";
  text += route.need ? fmt::format("Needs a key with the scope `{}`.", to_text(*route.need))
                     : "Needs no key.";
  return text;
}

JsonObject operation_of(const Route& route, const Description& description,
                        const JsonObject& common) {
  const auto& said = *description.operation;
  JsonObject operation{
      {"operationId", text_of(said, "operationId")},
      {"tags", JsonArray{text_of(object_of(*description.file, "tag"), "name")}},
      {"summary", text_of(said, "summary")},
      {"description", description_of(route, said)},
  };
  JsonArray security;
  if (route.need) {
    operation["x-scope"] = to_text(*route.need);
    security.push_back(JsonObject{{"key", JsonArray{to_text(*route.need)}}});
    security.push_back(JsonObject{{"session", JsonArray{to_text(*route.need)}}});
  }
  operation["security"] = std::move(security);
  auto parameters = parameters_of(route, description, common);
  if (!parameters.empty()) operation["parameters"] = std::move(parameters);
  if (said.contains("body")) {
    const auto& body = object_of(said, "body");
    operation["x-body-bytes-max"] = route.body_bytes_max;
    operation["requestBody"] = JsonObject{
        {"required", true},
        {"content",
         content("application/json", schema_of(body.at("schema")), body.if_contains("example"))}};
  }
  operation["responses"] = responses_of(route, said, common);
  return operation;
}

std::string lower(std::string_view method) {
  std::string text(method);
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  });
  return text;
}

// {"extends": NAME, "properties": …} has all that another schema of its file has, and more fields.
Json whole_schema(const Json& said, const JsonObject& others) {
  const auto base = text_of(said.get_object(), "extends");
  if (base.empty()) return said;
  auto schema = object_of(others, base);
  auto properties = object_of(schema, "properties");
  for (const auto& one : object_of(said.get_object(), "properties")) {
    properties[one.key()] = one.value();
  }
  schema["properties"] = std::move(properties);
  auto required = list_of(schema, "required");
  for (const auto& name : list_of(said.get_object(), "required")) required.push_back(name);
  schema["required"] = std::move(required);
  return schema;
}

JsonObject components_of(const JsonObject& descriptions) {
  const auto& common = object_of(descriptions, common_file);
  JsonObject responses;
  for (const auto& one : object_of(common, "problems")) {
    responses[one.key()] =
        one.value().is_string()
            ? problem_response(one.key(), text_of(one.value()))
            : problem_response(one.key(), text_of(one.value().get_object(), "description"),
                               list_of(one.value().get_object(), "problems"));
  }
  JsonObject schemas;
  const auto add_schemas = [&](const JsonObject& file) {
    const auto& own = object_of(file, "schemas");
    for (const auto& schema : own) schemas[schema.key()] = whole_schema(schema.value(), own);
  };
  for (const auto name : files_in_order(descriptions)) add_schemas(object_of(descriptions, name));
  add_schemas(common);
  return {{"securitySchemes", object_of(common, "securitySchemes")},
          {"headers", object_of(common, "headers")},
          {"responses", std::move(responses)},
          {"schemas", std::move(schemas)}};
}

// --- what does not fit
// ----------------------------------------------------------------------------

void find_query_faults(const Route& route, const JsonObject& operation,
                       std::vector<std::string>& faults) {
  const auto& query = object_of(operation, "query");
  for (const auto name : route.parameters) {
    if (!query.contains(name)) {
      faults.push_back(
          fmt::format("{}: the query parameter '{}' is not described", key_of(route), name));
    }
  }
  for (const auto& one : query) {
    const std::string_view name(one.key().data(), one.key().size());
    if (std::ranges::find(route.parameters, name) == route.parameters.end()) {
      faults.push_back(
          fmt::format("{}: the route takes no query parameter '{}'", key_of(route), name));
    }
  }
}

void find_faults(const Route& route, const Description& description,
                 std::vector<std::string>& faults) {
  const auto& operation = *description.operation;
  const auto find = [&](bool good, std::string_view what) {
    if (!good) faults.push_back(fmt::format("{}: {}", key_of(route), what));
  };
  find(!text_of(operation, "operationId").empty(), "has no operationId");
  find(!text_of(operation, "summary").empty(), "has no summary");
  find(std::ranges::any_of(object_of(operation, "answers"),
                           [](const auto& one) { return one.key().starts_with("2"); }),
       "has no answer of 2xx");
  for (const auto name : path_names(route.pattern)) {
    find(!path_parameter(description, name).empty(),
         fmt::format("what stands for {{{}}} is not described", name));
  }
  find_query_faults(route, operation, faults);
}

}  // namespace

std::vector<std::string_view> path_names(std::string_view pattern) {
  std::vector<std::string_view> names;
  for (auto open = pattern.find('{'); open != std::string_view::npos; open = pattern.find('{')) {
    const auto close = pattern.find('}', open);
    ESTEIRA_ASSERT(close != std::string_view::npos);
    names.push_back(pattern.substr(open + 1, close - open - 1));
    pattern.remove_prefix(close);
  }
  return names;
}

JsonObject route_descriptions() {
  JsonObject descriptions;
  for (const auto& [name, text] : openapi::texts) {
    if (!name.ends_with(".json")) continue;
    auto parsed = parse_json(text, {.bytes_max = description_bytes_max});
    ESTEIRA_ASSERT(parsed && parsed->is_object());
    descriptions[name.substr(0, name.find('.'))] = std::move(*parsed);
  }
  return descriptions;
}

std::vector<std::string> description_faults(const std::vector<Route>& routes,
                                            const JsonObject& descriptions) {
  std::vector<std::string> faults;
  auto operations = operations_of(descriptions);
  for (const auto& route : routes) {
    const auto found = operations.extract(key_of(route));
    if (found.empty()) {
      faults.push_back(fmt::format("{}: no file of src/http/openapi describes it", key_of(route)));
    } else {
      find_faults(route, found.mapped(), faults);
    }
  }
  for (const auto& [key, description] : operations) {
    faults.push_back(fmt::format("{}: is described, and there is no such route", key));
  }
  return faults;
}

JsonObject openapi_document(const std::vector<Route>& routes, const JsonObject& descriptions) {
  const auto& common = object_of(descriptions, common_file);
  auto info = object_of(common, "info");
  info["version"] = ESTEIRA_VERSION;
  JsonArray tags;
  for (const auto name : files_in_order(descriptions)) {
    tags.push_back(object_of(object_of(descriptions, name), "tag"));
  }
  const auto operations = operations_of(descriptions);
  JsonObject paths;
  for (const auto& route : routes) {
    const auto found = operations.find(key_of(route));
    if (found == operations.end()) continue;
    auto& path = paths[route.pattern];
    if (!path.is_object()) path.emplace_object();
    path.get_object()[lower(route.method)] = operation_of(route, found->second, common);
  }
  return {{"openapi", "3.1.0"},
          {"info", std::move(info)},
          {"servers", JsonArray{JsonObject{{"url", "/"}}}},
          {"tags", std::move(tags)},
          {"paths", std::move(paths)},
          {"components", components_of(descriptions)}};
}

}  // namespace esteira::http
