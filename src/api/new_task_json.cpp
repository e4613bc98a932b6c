#include "api/new_task_json.hpp"

#include <array>

#include <fmt/format.h>

#include "api/object_reader.hpp"
#include "api/task_json.hpp"
#include "domain/limits.hpp"
#include "domain/policy.hpp"
#include "domain/rate.hpp"

namespace esteira::api {
namespace {

constexpr std::array<std::string_view, 17> fields{"type",
                                                  "payload",
                                                  "priority",
                                                  "scheduled_for",
                                                  "expires_at",
                                                  "max_retries",
                                                  "unique_key",
                                                  "unique",
                                                  "tags",
                                                  "timeout_seconds",
                                                  "depends_on",
                                                  "dependency_rule",
                                                  "on_parent_failure",
                                                  "ref",
                                                  "batch_id",
                                                  "rate_cost",
                                                  "idempotency_key"};

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
void read_time(ObjectReader& reader, std::string_view name, std::optional<Time>& at,
               std::optional<Duration>& in) {
  const auto text = reader.text(name);
  if (!text) return;
  if (!text->starts_with('+')) {
    at = reader.time(name);
  } else if (const auto delay = parse_duration(std::string_view(*text).substr(1))) {
    in = *delay;
  } else {
    reader.refuse(name, R"(must be a delay such as "+30s", "+5m", "+2h" or "+1d")");
  }
}

template <class Enum>
void read_word(ObjectReader& reader, std::string_view name,
               Expected<Enum> (*parse)(std::string_view), Enum& value) {
  const auto text = reader.text(name);
  if (!text) return;
  if (const auto parsed = parse(*text)) {
    value = *parsed;
  } else {
    reader.refuse(name, parsed.error().message);
  }
}

// `unique_key` is short for a `unique` with nothing but its key.
void read_unique(ObjectReader& reader, std::vector<FieldError>& wrong, TaskOptions& options) {
  options.unique_key = reader.text("unique_key");
  const auto* unique = reader.find("unique");
  if (unique == nullptr) return;
  if (options.unique_key) return reader.refuse("unique_key", "is given beside unique: give one");
  if (!unique->is_object()) return reader.refuse("unique", "must be an object");
  ObjectReader inner(unique->get_object(), wrong, reader.pointer("unique"));
  inner.need("key");
  options.unique_key = inner.text("key");
  read_word(inner, "scope", parse_unique_scope, options.unique_scope);
  options.unique_window = inner.seconds("seconds");
  read_word(inner, "on_conflict", parse_on_conflict, options.on_conflict);
  constexpr std::array<std::string_view, 4> known{"key", "scope", "seconds", "on_conflict"};
  inner.refuse_others(known, "a unique key");
}

// Ids of tasks, and the refs of others of the same call.
void read_parents(ObjectReader& reader, TaskOptions& options) {
  const auto* list = reader.list("depends_on", limits::depends_on_max);
  for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
    const auto& item = (*list)[i];
    if (item.is_int64() && item.get_int64() > 0) {
      options.depends_on.emplace_back(item.get_int64());
    } else if (item.is_string()) {
      options.depends_on.emplace_back(std::string(item.get_string()));
    } else {
      reader.refuse_item("depends_on", i, "must be a task_id, or the ref of a task of the call");
    }
  }
  if (reader.find("dependency_rule") != nullptr) {
    DependencyRule rule{};
    read_word(reader, "dependency_rule", parse_dependency_rule, rule);
    options.dependency_rule = rule;
  }
  read_word(reader, "on_parent_failure", parse_parent_failure, options.on_parent_failure);
  options.ref = reader.text("ref");
  options.batch_id = reader.text("batch_id");
}

void write_parents(const TaskOptions& options, JsonObject& body) {
  JsonArray parents;
  for (const auto& parent : options.depends_on) {
    std::visit([&](const auto& one) { parents.emplace_back(one); }, parent);
  }
  if (!parents.empty()) body["depends_on"] = std::move(parents);
  if (options.dependency_rule) body["dependency_rule"] = to_text(*options.dependency_rule);
  if (options.on_parent_failure != ParentFailure::cancel) {
    body["on_parent_failure"] = to_text(options.on_parent_failure);
  }
  if (options.ref) body["ref"] = *options.ref;
  if (options.batch_id) body["batch_id"] = *options.batch_id;
}

// To the microsecond, as `parse_duration` reads it.
std::string delay_text(Duration delay) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(delay);
  return fmt::format("+{}.{:06}s", whole.count(), (delay - whole).count());
}

void write_unique(const TaskOptions& options, JsonObject& body) {
  if (!options.unique_key) return;
  const bool plain = options.unique_scope == UniqueScope::active &&
                     options.on_conflict == OnConflict::refuse && !options.unique_window;
  if (plain) {
    body["unique_key"] = *options.unique_key;
    return;
  }
  JsonObject unique{{"key", *options.unique_key},
                    {"scope", to_text(options.unique_scope)},
                    {"on_conflict", to_text(options.on_conflict)}};
  if (options.unique_window) unique["seconds"] = seconds_to_json(*options.unique_window);
  body["unique"] = std::move(unique);
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
  read_time(reader, "scheduled_for", task.options.scheduled_for, task.options.scheduled_in);
  read_time(reader, "expires_at", task.options.expires_at, task.options.expires_in);
  task.options.max_retries = reader.integer("max_retries");
  read_unique(reader, wrong, task.options);
  read_parents(reader, task.options);
  task.options.rate_cost = reader.whole("rate_cost", 1, rate_count_max).value_or(1);
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
  write_unique(options, body);
  write_parents(options, body);
  if (options.rate_cost != 1) body["rate_cost"] = options.rate_cost;
  if (options.expires_at) body["expires_at"] = format_time(*options.expires_at);
  if (options.expires_in) body["expires_at"] = delay_text(*options.expires_in);
  if (!options.tags.empty()) body["tags"] = JsonArray(options.tags.begin(), options.tags.end());
  if (options.timeout) body["timeout_seconds"] = seconds_to_json(*options.timeout);
  if (where == IdempotencyKey::in_body && options.idempotency_key) {
    body["idempotency_key"] = *options.idempotency_key;
  }
  return body;
}

}  // namespace esteira::api
