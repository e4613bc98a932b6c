#include "api/task_edit_json.hpp"

#include <array>

#include "api/object_reader.hpp"
#include "api/task_json.hpp"
#include "base/sha256.hpp"

namespace esteira::api {
namespace {

constexpr std::array<std::string_view, 4> fields{"payload", "priority", "scheduled_for", "tags"};

JsonObject editable_fields(const Task& task) {
  return {{"payload", JsonObject{{"sha256", to_hex(sha256(to_text(task.payload)))}}},
          {"priority", task.priority},
          {"scheduled_for", time_to_json(task.scheduled_for)},
          {"tags", JsonArray(task.tags.begin(), task.tags.end())}};
}

}  // namespace

Expected<TaskEdit> task_edit_from_json(const Json& body) {
  const auto* object = body.if_object();
  if (object == nullptr) return refuse_all({{"", "an edit is a JSON object"}});
  std::vector<FieldError> wrong;
  ObjectReader reader(*object, wrong);
  TaskEdit edit;
  if (const auto* payload = object->if_contains("payload")) edit.payload = *payload;
  for (const std::string_view name : {"priority", "tags"}) {
    if (object->contains(name)) reader.need(name);
  }
  edit.priority = reader.integer("priority");
  edit.scheduled_for = reader.time("scheduled_for");
  edit.due_now = object->contains("scheduled_for") && reader.find("scheduled_for") == nullptr;
  if (reader.find("tags") != nullptr) edit.tags = reader.texts("tags");
  reader.refuse_others(fields, "an edit");
  if (object->empty()) {
    wrong.push_back({"", "nothing is to change: give payload, priority, scheduled_for or tags"});
  }
  if (!wrong.empty()) return refuse_all(std::move(wrong));
  return edit;
}

AuditedEdit audited(const Task& before, const Task& after) {
  auto old_fields = editable_fields(before);
  auto new_fields = editable_fields(after);
  for (const auto name : fields) {
    if (old_fields[name] != new_fields[name]) continue;
    old_fields.erase(name);
    new_fields.erase(name);
  }
  return {.before = to_text(Json(std::move(old_fields))),
          .after = to_text(Json(std::move(new_fields)))};
}

}  // namespace esteira::api
