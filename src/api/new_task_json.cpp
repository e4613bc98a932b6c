#include "api/new_task_json.hpp"

#include <array>

#include <fmt/format.h>

#include "api/object_reader.hpp"
#include "api/task_json.hpp"
#include "domain/policy.hpp"

namespace esteira::api {
namespace {

constexpr std::array<std::string_view, 9> fields{
    "type",       "payload", "priority",        "scheduled_for",  "max_retries",
    "unique_key", "tags",    "timeout_seconds", "idempotency_key"};

void read_type(ObjectReader& reader, NewTask& task) {
  if (reader.need("type") == nullptr) return;
  auto type = reader.text("type");
  if (!type) return;
  if (const auto good = check_type_name(*type); !good) {
    return reader.refuse("type", good.error().message);
  }
  task.type = std::move(*type);
}

// A time, or a delay from the creation on: the same wish whenever it is repeated, and counted by
// the database's clock.
void read_schedule(ObjectReader& reader, TaskOptions& options) {
  const auto text = reader.text("scheduled_for");
  if (!text) return;
  if (!text->starts_with('+')) {
    options.scheduled_for = reader.time("scheduled_for");
  } else if (const auto delay = parse_duration(std::string_view(*text).substr(1))) {
    options.scheduled_in = *delay;
  } else {
    reader.refuse("scheduled_for", R"(must be a delay such as "+30s", "+5m", "+2h" or "+1d")");
  }
}

// To the microsecond, as `parse_duration` reads it.
std::string delay_text(Duration delay) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(delay);
  return fmt::format("+{}.{:06}s", whole.count(), (delay - whole).count());
}

}  // namespace

Expected<NewTask> new_task_from_json(const Json& body, IdempotencyKey where) {
  const auto* object = body.if_object();
  if (object == nullptr) return refuse_all({{"", "a task is a JSON object"}});
  std::vector<FieldError> wrong;
  ObjectReader reader(*object, wrong);
  NewTask task;
  read_type(reader, task);
  // A payload may be null, but it must be there: a misspelt name shall not pass as an empty task.
  if (const auto* payload = object->if_contains("payload")) {
    task.payload = *payload;
  } else {
    reader.refuse("payload", "is missing");
  }
  task.options.priority = reader.integer("priority").value_or(0);
  read_schedule(reader, task.options);
  task.options.max_retries = reader.integer("max_retries");
  task.options.unique_key = reader.text("unique_key");
  task.options.tags = reader.texts("tags");
  task.options.timeout = reader.seconds("timeout_seconds");
  const bool key_in_body = where == IdempotencyKey::in_body;
  if (key_in_body) task.options.idempotency_key = reader.text("idempotency_key");
  reader.refuse_others(std::span(fields).first(fields.size() - (key_in_body ? 0 : 1)), "a task");
  if (!wrong.empty()) return refuse_all(std::move(wrong));
  return task;
}

Json new_task_to_json(const NewTask& task, IdempotencyKey where) {
  const auto& options = task.options;
  JsonObject body{{"type", task.type}, {"payload", task.payload}};
  if (options.priority != 0) body["priority"] = options.priority;
  if (options.scheduled_for) body["scheduled_for"] = format_time(*options.scheduled_for);
  if (options.scheduled_in) body["scheduled_for"] = delay_text(*options.scheduled_in);
  if (options.max_retries) body["max_retries"] = *options.max_retries;
  if (options.unique_key) body["unique_key"] = *options.unique_key;
  if (!options.tags.empty()) body["tags"] = JsonArray(options.tags.begin(), options.tags.end());
  if (options.timeout) body["timeout_seconds"] = seconds_to_json(*options.timeout);
  if (where == IdempotencyKey::in_body && options.idempotency_key) {
    body["idempotency_key"] = *options.idempotency_key;
  }
  return body;
}

}  // namespace esteira::api
