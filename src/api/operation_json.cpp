#include "api/operation_json.hpp"

#include <array>

#include "api/object_reader.hpp"
#include "api/task_json.hpp"

namespace esteira::api {
namespace {

constexpr std::array<std::string_view, 2> call_fields{"action", "filter"};
constexpr std::array<std::string_view, 5> filter_fields{"status", "type", "tag", "created_after",
                                                        "created_before"};

BulkAction read_action(ObjectReader& reader) {
  if (reader.need("action") == nullptr) return {};
  const auto text = reader.text("action");
  if (!text) return {};
  const auto action = parse_bulk_action(*text);
  if (!action) reader.refuse("action", "must be cancel, retry or delete");
  return action.value_or(BulkAction{});
}

OperationFilter read_filter(const JsonObject& object, std::vector<FieldError>& wrong) {
  ObjectReader reader(object, wrong, "/filter");
  OperationFilter filter{.type = reader.text("type"),
                         .tag = reader.text("tag"),
                         .created_after = reader.time("created_after"),
                         .created_before = reader.time("created_before")};
  if (const auto text = reader.text("status")) {
    const auto status = parse_task_status(*text);
    status ? static_cast<void>(filter.status = *status)
           : reader.refuse("status", status.error().message);
  }
  // Elsewhere a null is as if it were absent; here it would make the filter wider by a slip.
  for (const auto name : filter_fields) {
    if (object.contains(name)) reader.need(name);
  }
  reader.refuse_others(filter_fields, "a filter");
  return filter;
}

}  // namespace

Expected<BulkCall> bulk_call_from_json(const Json& body) {
  const auto* object = body.if_object();
  if (object == nullptr) return refuse_all({{"", "a bulk call is a JSON object"}});
  std::vector<FieldError> wrong;
  ObjectReader reader(*object, wrong);
  BulkCall call{.action = read_action(reader), .filter = {}};
  if (const auto* filter = reader.need("filter")) {
    if (filter->is_object()) {
      call.filter = read_filter(filter->get_object(), wrong);
    } else {
      reader.refuse("filter", "must be an object; {} means all tasks");
    }
  }
  reader.refuse_others(call_fields, "a bulk call");
  if (!wrong.empty()) return refuse_all(std::move(wrong));
  return call;
}

JsonObject filter_to_json(const OperationFilter& filter) {
  JsonObject json;
  if (filter.status) json.emplace("status", to_text(*filter.status));
  if (filter.type) json.emplace("type", *filter.type);
  if (filter.tag) json.emplace("tag", *filter.tag);
  if (filter.created_after) json.emplace("created_after", time_to_json(filter.created_after));
  if (filter.created_before) json.emplace("created_before", time_to_json(filter.created_before));
  return json;
}

Json operation_to_json(const Operation& operation) {
  const auto& error = operation.error_message;
  return JsonObject{
      {"operation_id", operation.operation_id},
      {"action", to_text(operation.action)},
      {"filter", filter_to_json(operation.filter)},
      {"status", to_text(operation.status)},
      {"matched", operation.matched},
      {"done", operation.done},
      {"applied", operation.applied},
      {"skipped", operation.skipped},
      {"error_message", error ? Json(*error) : Json(nullptr)},
      {"created_at", time_to_json(operation.created_at)},
      {"updated_at", time_to_json(operation.updated_at)},
      {"completed_at", time_to_json(operation.completed_at)},
  };
}

std::string audited_action(const Operation& operation) {
  return "task.bulk_" + std::string(to_text(operation.action));
}

std::string audited(const Operation& operation) {
  return to_text(Json(
      JsonObject{{"filter", filter_to_json(operation.filter)}, {"matched", operation.matched}}));
}

}  // namespace esteira::api
