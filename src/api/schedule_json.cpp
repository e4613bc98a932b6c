#include "api/schedule_json.hpp"

#include <array>

#include <fmt/format.h>

#include "api/object_reader.hpp"
#include "api/task_json.hpp"
#include "base/sha256.hpp"
#include "domain/limits.hpp"
#include "domain/policy.hpp"

namespace esteira::api {
namespace {

constexpr std::size_t timezone_bytes_max = 64;  // of a name

constexpr std::array<std::string_view, 11> fields{"cron",       "timezone", "type",
                                                  "payload",    "priority", "max_retries",
                                                  "tags",       "missed",   "missed_window_seconds",
                                                  "missed_max", "overlap"};

template <class Number>
Json number_or_null(const std::optional<Number>& number) {
  return number ? Json(*number) : Json(nullptr);
}

template <class Policy>
std::optional<Policy> read_policy(ObjectReader& reader, std::string_view name,
                                  Expected<Policy> (*parse)(std::string_view)) {
  const auto text = reader.text(name);
  if (!text) return std::nullopt;
  const auto policy = parse(*text);
  if (policy) return *policy;
  reader.refuse(name, policy.error().message);
  return std::nullopt;
}

// What no time zone and no expression is as long as is told apart from what is none.
std::optional<std::string> read_text(ObjectReader& reader, std::string_view name,
                                     std::size_t bytes_max) {
  auto text = reader.text(name);
  if (!text || (!text->empty() && text->size() <= bytes_max)) return text;
  reader.refuse(name, fmt::format("must be 1 to {} bytes", bytes_max));
  return std::nullopt;
}

std::optional<std::string> read_type(ObjectReader& reader) {
  auto type = reader.text("type");
  if (!type) return std::nullopt;
  const auto good = check_type_name(*type);
  if (!good) reader.refuse("type", good.error().message);
  return type;
}

JsonObject settable(const Schedule& schedule) {
  const auto payload = parse_json(schedule.payload);
  return {{"cron", schedule.cron},
          {"timezone", schedule.timezone},
          {"type", schedule.type},
          {"payload", payload ? *payload : Json(nullptr)},
          {"priority", schedule.priority},
          {"max_retries", number_or_null(schedule.max_retries)},
          {"tags", JsonArray(schedule.tags.begin(), schedule.tags.end())},
          {"missed", to_text(schedule.missed)},
          {"missed_window_seconds", seconds_to_json(schedule.missed_window)},
          {"missed_max", schedule.missed_max},
          {"overlap", to_text(schedule.overlap)}};
}

}  // namespace

Json schedule_to_json(const Schedule& schedule, Time now) {
  JsonObject json{{"name", schedule.name}};
  for (auto& [name, value] : settable(schedule)) json[name] = std::move(value);
  json["paused"] = schedule.paused;
  json["next_at"] = time_to_json(schedule.next_at);
  json["queued_at"] = time_to_json(schedule.queued_at);
  json["last_nominal_at"] = time_to_json(schedule.last_nominal_at);
  json["last_task_id"] = number_or_null(schedule.last_task_id);
  json["lag_seconds"] = seconds_to_json(lag_of(schedule, now));
  json["created_at"] = time_to_json(schedule.created_at);
  json["updated_at"] = time_to_json(schedule.updated_at);
  return json;
}

JsonArray preview_to_json(std::span<const ScheduleInstant> instants) {
  JsonArray items;
  for (const auto& one : instants) {
    items.push_back(JsonObject{{"nominal_at", format_time(one.nominal_at)}, {"local", one.local}});
  }
  return items;
}

Expected<ScheduleChange> schedule_change_from_json(const Json& body) {
  const auto* object = body.if_object();
  if (object == nullptr) return refuse_all({{"", "a schedule is a JSON object"}});
  std::vector<FieldError> wrong;
  ObjectReader reader(*object, wrong);
  ScheduleChange change;
  change.cron = read_text(reader, "cron", limits::cron_bytes_max);
  change.timezone = read_text(reader, "timezone", timezone_bytes_max);
  change.type = read_type(reader);
  if (const auto* payload = object->if_contains("payload")) change.payload = *payload;
  change.priority = reader.integer("priority");
  change.max_retries = reader.integer("max_retries");
  if (reader.find("tags") != nullptr) change.tags = reader.texts("tags");
  change.missed = read_policy(reader, "missed", parse_missed_policy);
  change.missed_window = reader.seconds("missed_window_seconds", limits::missed_window_max);
  change.missed_max = reader.integer("missed_max");
  change.overlap = read_policy(reader, "overlap", parse_overlap_policy);
  reader.refuse_others(fields, "a schedule");
  if (!wrong.empty()) return refuse_all(std::move(wrong));
  return change;
}

Json schedule_change_to_json(const ScheduleChange& change) {
  JsonObject body;
  if (change.cron) body["cron"] = *change.cron;
  if (change.timezone) body["timezone"] = *change.timezone;
  if (change.type) body["type"] = *change.type;
  if (change.payload) body["payload"] = *change.payload;
  if (change.priority) body["priority"] = *change.priority;
  if (change.max_retries) body["max_retries"] = *change.max_retries;
  if (change.tags) body["tags"] = JsonArray(change.tags->begin(), change.tags->end());
  if (change.missed) body["missed"] = to_text(*change.missed);
  if (change.missed_window) body["missed_window_seconds"] = seconds_to_json(*change.missed_window);
  if (change.missed_max) body["missed_max"] = *change.missed_max;
  if (change.overlap) body["overlap"] = to_text(*change.overlap);
  return body;
}

std::string audited(const Schedule& schedule) {
  auto json = settable(schedule);
  json["payload"] = JsonObject{{"sha256", to_hex(sha256(schedule.payload))}};
  json["paused"] = schedule.paused;
  return to_text(Json(std::move(json)));
}

}  // namespace esteira::api
