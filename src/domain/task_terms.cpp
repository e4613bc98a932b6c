#include "domain/task_terms.hpp"

#include "esteira/json.hpp"

namespace esteira {
namespace {

std::optional<std::string> text(const JsonObject& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

bool truth(const JsonObject& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::optional<Time> time(const JsonObject& object, std::string_view name) {
  const auto given = text(object, name);
  if (!given) return std::nullopt;
  const auto parsed = try_parse_time(*given);
  return parsed ? std::optional(*parsed) : std::nullopt;
}

template <class Enum>
Enum named(const JsonObject& object, std::string_view name,
           Expected<Enum> (*parse)(std::string_view)) {
  const auto given = text(object, name);
  const auto parsed = parse(given ? *given : "");
  return parsed ? *parsed : Enum{};
}

std::int64_t whole(const JsonObject& object, std::string_view name, std::int64_t otherwise) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_int64() ? value->get_int64() : otherwise;
}

std::vector<TaskId> ids(const JsonObject& object, std::string_view name) {
  std::vector<TaskId> ids;
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_array()) return ids;
  for (const auto& item : value->get_array()) {
    if (item.is_int64()) ids.push_back(item.get_int64());
  }
  return ids;
}

}  // namespace

std::optional<std::string> stored_terms(const TaskTerms& terms) {
  if (terms == TaskTerms{}) return std::nullopt;
  JsonObject object;
  if (terms.expires_at) object["expires_at"] = format_time(*terms.expires_at);
  if (terms.unique_scope != UniqueScope::active) {
    object["unique_scope"] = to_text(terms.unique_scope);
  }
  if (terms.unique_until) object["unique_until"] = format_time(*terms.unique_until);
  if (terms.flow_key) object["flow_key"] = *terms.flow_key;
  if (!terms.depends_on.empty()) {
    object["depends_on"] = JsonArray(terms.depends_on.begin(), terms.depends_on.end());
  }
  if (terms.dependency_rule != DependencyRule::completed) {
    object["dependency_rule"] = to_text(terms.dependency_rule);
  }
  if (terms.on_parent_failure != ParentFailure::cancel) {
    object["on_parent_failure"] = to_text(terms.on_parent_failure);
  }
  if (terms.batch_id) object["batch_id"] = *terms.batch_id;
  if (terms.rate_cost != 1) object["rate_cost"] = terms.rate_cost;
  if (terms.encrypted) object["encrypted"] = true;
  return to_text(Json(std::move(object)));
}

TaskTerms read_task_terms(std::string_view stored) {
  const auto value = parse_json(stored);
  if (!value || !value->is_object()) return {};
  const auto& object = value->get_object();
  return {.expires_at = time(object, "expires_at"),
          .unique_scope = named(object, "unique_scope", parse_unique_scope),
          .unique_until = time(object, "unique_until"),
          .flow_key = text(object, "flow_key"),
          .depends_on = ids(object, "depends_on"),
          .dependency_rule = named(object, "dependency_rule", parse_dependency_rule),
          .on_parent_failure = named(object, "on_parent_failure", parse_parent_failure),
          .batch_id = text(object, "batch_id"),
          .rate_cost = whole(object, "rate_cost", 1),
          .encrypted = truth(object, "encrypted")};
}

void show_terms(const TaskTerms& terms, Task& task) {
  task.unique_scope = terms.unique_scope;
  task.expires_at = terms.expires_at;
  task.depends_on = terms.depends_on;
  task.batch_id = terms.batch_id;
  task.rate_cost = terms.rate_cost;
  task.encrypted = terms.encrypted;
}

}  // namespace esteira
